// What a script on a page can do without a gesture of the user. The functions run in the browser.
"use strict";

/** Everything by which a script can try to send a form. Returns the number of attempts. */
function submitByScript() {
  const form = document.querySelector("form");
  const button = form.querySelector("button");
  const fields = [...form.querySelectorAll("input")];
  const events = [
    () => form.requestSubmit(),
    () => form.requestSubmit(button),
    () => button.click(),
    () => fields.forEach((field) => field.labels[0]?.click()),
    () => form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true, submitter: button })),
    ...["pointerdown", "mousedown", "pointerup", "mouseup", "click", "touchstart", "touchend"].map((type) =>
      () => button.dispatchEvent(new (type.startsWith("touch") ? Event : PointerEvent)(type, { bubbles: true, cancelable: true }))),
    ...["keydown", "keypress", "keyup"].flatMap((type) => [button, ...fields].map((target) => () => {
      target.focus();
      target.dispatchEvent(new KeyboardEvent(type,
        { key: "Enter", code: "Enter", keyCode: 13, charCode: 13, which: 13, bubbles: true, cancelable: true }));
    })),
    // Commands of editors, which insert a line break as the key Enter does.
    ...fields.map((field) => () => {
      field.focus();
      document.execCommand("insertText", false, "\n");
      document.execCommand("insertLineBreak");
      document.execCommand("insertParagraph");
    }),
    () => form.submit(),
    () => HTMLFormElement.prototype.submit.call(form),
  ];
  events.forEach((event) => event());
  return events.length;
}

module.exports = { submitByScript };
