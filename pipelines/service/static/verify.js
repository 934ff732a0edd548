/* A file dropped on the form is the form's file: the form works the same without this. */
"use strict";
const form = document.querySelector("[data-drop]");
const file = form.querySelector("input[type=file]");
const told = document.getElementById("dropped");
told.textContent = "You can drop a file anywhere on this form.";
for (const kind of ["dragenter", "dragover"]) {
  form.addEventListener(kind, (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  form.addEventListener(kind, () => form.classList.remove("over"));
}
form.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) {
    file.files = event.dataTransfer.files;
    form.requestSubmit();
  }
});
