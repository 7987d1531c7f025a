"""usage: fill.py PAGE FOLDER NAME=VALUE...   replaces each line of the files in the folder that has the form

    docs/trust.md: HEADING, LANGUAGE [NUMBER]

with that block of the page: the first block of the language under the heading, or the block with the number. In the
blocks, each NAME is replaced with its VALUE. Fails if the blocks under such a heading have more than five
lines in all.
"""

import pathlib
import re
import sys

page, folder, *values = sys.argv[1:]
blocks = {}
for section in re.split(r"^##+ ", pathlib.Path(page).read_text(), flags=re.M)[1:]:
    heading = section.split("\n", 1)[0]
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", section, flags=re.M | re.S):
        blocks.setdefault((heading, language), []).append(block)


def block(match):
    indent, heading, language, number = match.groups()
    lines = sum(text.count("\n") for key, found in blocks.items() if key[0] == heading for text in found)
    if lines > 5:
        sys.exit(f"{page} has {lines} lines under {heading}")
    text = blocks[heading, language][int(number or 1) - 1]
    for name, value in (pair.split("=", 1) for pair in values):
        text = text.replace(name, value)
    return "".join(indent + line for line in text.splitlines(keepends=True))


for file in pathlib.Path(folder).rglob("*"):
    if file.is_file():
        template = file.read_text()
        filled = re.sub(r"^( *|\t*)\S+ docs/trust\.md: ([^,\n]+), (\w+)(?: (\d))?\n", block, template, flags=re.M)
        if filled != template:
            file.write_text(filled)
