package org.gatehouse.pages;

import java.util.List;
import java.util.stream.Stream;

/**
 * Texts that would run a script, load something or change the page, if a page took them for HTML, for a part of a script
 * or for an address. Those that run set {@code xss} or call {@code alert}.
 */
final class HostileTexts {
    private static final String ELEMENTS = """
            <script>alert(1)</script>
            <script>xss='script'</script>
            <SCRIPT SRC=//localhost/x.js></SCRIPT>
            <script src="data:text/javascript,alert(1)"></script>
            <script type=module>xss='module'</script>
            <script/x>alert(1)</script/x>
            <scr<script>ipt>alert(1)</scr</script>ipt>
            <<script>alert(1)//<</script>
            <img src=x onerror=alert(1)>
            <img src=x onerror="xss='img'">
            <img src=x onerror=alert`1`>
            <img/src=x/onerror=alert(1)>
            <IMG SRC=x OnErRoR=alert(1)>
            <img src="x` `<script>alert(1)</script>"` `>
            <img src=data:image/gif;base64,R0lGODlhAQABAAAAACw= onload=alert(1)>
            <img srcset=x onerror=alert(1)>
            <image src=x onerror=alert(1)>
            <svg onload=alert(1)>
            <svg/onload=alert(1)>
            <svg><script>alert(1)</script></svg>
            <svg><script href=data:,alert(1) /></svg>
            <svg><animate onbegin=alert(1) attributeName=x dur=1s>
            <svg><set onbegin=alert(1) attributeName=x>
            <svg><a xlink:href=javascript:alert(1)><text y=20>link</text></a></svg>
            <svg><style><img src=x onerror=alert(1)></style></svg>
            <svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>
            <math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style>
            <math href=javascript:alert(1)>click</math>
            <body onload=alert(1)>
            <body onpageshow=alert(1)>
            <iframe src=javascript:alert(1)></iframe>
            <iframe srcdoc="<script>parent.xss='srcdoc'</script>"></iframe>
            <iframe onload=alert(1)></iframe>
            <frameset onload=alert(1)>
            <object data=javascript:alert(1)></object>
            <object data="data:text/html,<script>alert(1)</script>"></object>
            <embed src=javascript:alert(1)>
            <video><source onerror=alert(1)></video>
            <video src=x onerror=alert(1)></video>
            <audio src=x onerror=alert(1)></audio>
            <details open ontoggle=alert(1)>
            <input autofocus onfocus=alert(1)>
            <select autofocus onfocus=alert(1)>
            <textarea autofocus onfocus=alert(1)>
            <button popovertarget=x onclick=alert(1)>x</button>
            <x id=x popover onbeforetoggle=alert(1)>
            <marquee onstart=alert(1)>
            <style>@import 'javascript:alert(1)';</style>
            <style>*{animation:x}@keyframes x{}</style><b onanimationstart=alert(1)>
            <link rel=stylesheet href=javascript:alert(1)>
            <link rel=preload as=script href=//localhost/x onload=alert(1)>
            <meta http-equiv=refresh content="0;url=javascript:alert(1)">
            <meta http-equiv=Content-Security-Policy content="script-src *">
            <base href=//localhost/>
            <base href=javascript:alert(1)//>
            <form action=javascript:alert(1)><input type=submit autofocus></form>
            <form><button formaction=javascript:alert(1)>x</button></form>
            <a href=javascript:alert(1)>click</a>
            <a href="data:text/html,<script>alert(1)</script>">click</a>
            <a href=java&#x0A;script:alert(1)>click</a>
            <a href=&#106;avascript:alert(1)>click</a>
            <a onmouseover=alert(1) style=position:fixed;inset:0>x</a>
            <div style="position:fixed;inset:0;background:red">x</div>
            <div style="background:url(//localhost/x)">x</div>
            <p id=main></p><p id=status></p>
            <p name=body></p><img name=cookie>
            <template><script>alert(1)</script></template>
            <noscript><p title="</noscript><img src=x onerror=alert(1)>">
            <plaintext>
            <!-- <img src=x onerror=alert(1)> -->
            <!--><img src=x onerror=alert(1)>
            <![CDATA[<script>alert(1)</script>]]>
            <?xml version="1.0"?><script>alert(1)</script>
            <dialog open><h2>Log in again</h2></dialog>
            """;
    private static final String PARTS = """
            "><script>alert(1)</script>
            '><script>alert(1)</script>
            " onfocus=alert(1) autofocus x="
            ' onfocus=alert(1) autofocus x='
            </title><script>alert(1)</script>
            </textarea><script>alert(1)</script>
            </script><script>alert(1)</script>
            --></noscript><img src=x onerror=alert(1)>
            ';alert(1)//
            ";alert(1)//
            \\";alert(1)//
            \\u003cscript\\u003ealert(1)\\u003c/script\\u003e
            ${alert(1)}
            `${alert(1)}`
            {{constructor.constructor('alert(1)')()}}
            {name} {count} {time} {constructor}
            #{alert(1)} <%= alert(1) %>
            javascript:alert(1)
            JaVaScRiPt:alert(1)//
            data:text/html,<script>alert(1)</script>
            //localhost:1/x
            ../../logout
            ?search=x#/people
            &lt;script&gt;alert(1)&lt;/script&gt;
            %3Cscript%3Ealert(1)%3C/script%3E
            +ADw-script+AD4-alert(1)+ADw-/script+AD4-
            __proto__
            constructor
            """;

    /** Lines of more than ASCII: reversed and invisible characters, controls, and lookalikes of the signs of HTML. */
    private static final List<String> SIGNS = List.of(
            "\u202e>tpircs/<)1(trela>tpircs<",
            "\u2066<img src=x onerror=alert(1)>\u2069",
            "<\u200bscript>alert(1)</\u200bscript>",
            "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
            "\u02b9\u02ba\u2039script\u203aalert(1)",
            "java\tscript:alert(1)",
            "a\u2028alert(1)//\u2029b",
            "\ufeff<script>alert(1)</script>",
            "Z\u0351\u036b\u0343\u036aa\u0302\u036b\u033d\u034f\u0334\u0319\u0324l\u0317g\u0323o\u0353",
            "\ud83d\ude00<svg onload=alert(1)>\ud83d\ude00");

    private HostileTexts() {}

    /** Returns all texts. None is empty, and no two are equal. */
    static List<String> all() {
        return Stream.of(ELEMENTS.lines(), PARTS.lines(), SIGNS.stream())
                .flatMap(texts -> texts)
                .toList();
    }

    /** Returns the texts that a field without blanks, and with ASCII only, can hold. HTML also accepts a slash there. */
    static List<String> withoutBlanks() {
        return all().stream()
                .filter(text -> text.chars().allMatch(c -> c >= ' ' && c < 0x7f))
                .map(text -> text.replace(' ', '/'))
                .distinct()
                .toList();
    }
}
