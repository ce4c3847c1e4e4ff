// Moves the code of the link from the address, where history and screenshots keep it, to the form.
"use strict";
const code = document.getElementById("token");
if (code && location.hash.length > 1) {
  code.value = location.hash.slice(1);
  code.parentElement.hidden = true;
  history.replaceState(null, "", location.pathname);
}
