// Puts a sign-in link into the form of its page, and takes it out of the address. Without this script it is pasted.
"use strict";

const field = document.getElementById("link");
if (location.hash.length > 1) {
    field.value = location.hash.slice(1);
    document.querySelector("[data-sign-in-link]").hidden = true;
    history.replaceState(null, "", location.pathname + location.search);
}
