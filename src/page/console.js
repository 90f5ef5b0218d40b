// Comfort for the Console. Nothing depends on it: every task works without it.
"use strict";

// Times in the reader's time zone: the exact one in the title, or as the text where that is exact. They look as src/page/times.rs writes them.
for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const month = at.toLocaleString("en", { month: "short" });
    const local = `${at.getDate()} ${month} ${at.getFullYear()}, ${at.toLocaleTimeString("en-GB", { timeStyle: "short" })}`;
    if ("exact" in time.dataset) time.textContent = local; else time.title = local;
}

// A theme is chosen without leaving the page, on which a form may be half filled in.
document.querySelector(".themes")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const { target: form, submitter: chosen } = event;
    document.documentElement.dataset.theme = chosen.value;
    form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", button === chosen));
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, chosen)), redirect: "manual", keepalive: true });
});

// Buttons that copy. Where the browser has no clipboard (plain http), the text is selected instead.
for (const button of document.querySelectorAll("[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
        getSelection().selectAllChildren(source);
        let copied = false;
        try {
            await navigator.clipboard.writeText(source.textContent);
            copied = true;
        } catch {
            copied = document.execCommand("copy");
        }
        button.textContent = copied ? "Copied" : "Selected";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
}

// Rows to fill: one empty row, and buttons for more and for less.
for (const rows of document.querySelectorAll("[data-rows]")) {
    const add = rows.querySelector("[data-add]");
    const all = () => [...rows.querySelectorAll(".row")];
    const inputs = (row) => [...row.querySelectorAll("input")];
    const isEmpty = (row) => inputs(row).every((input) => !input.value);
    const empty = (row) => {
        inputs(row).forEach((input) => { input.value = ""; });
        inputs(row)[0].focus();
    };
    const renew = () => {
        add.disabled = all().length >= Number(rows.dataset.rows);
        all().forEach((row, n) => inputs(row).forEach((input) => {
            input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, n + 1));
        }));
    };
    const withRemoval = (row) => {
        const button = row.querySelector("[data-remove]");
        button.hidden = false;
        button.addEventListener("click", () => {
            if (all().length === 1) {
                empty(row);
            } else {
                row.remove();
                inputs(all().at(-1))[0].focus();
            }
            renew();
        });
    };
    all().slice(1).filter(isEmpty).forEach((row) => row.remove());
    all().forEach(withRemoval);
    add.hidden = false;
    add.addEventListener("click", () => {
        const row = all().at(-1).cloneNode(true);
        inputs(row)[0].removeAttribute("id");
        all().at(-1).after(row);
        withRemoval(row);
        renew();
        empty(row);
    });
    renew();
}

// Asks about a text while it is typed. What was said of another is over at once; the answer comes a little later.
const whileTyped = (input, address, tell, read = (reply) => reply.json()) => {
    let timer;
    input.addEventListener("input", () => {
        clearTimeout(timer);
        tell(null);
        const text = input.value.trim();
        if (!text) return;
        timer = setTimeout(async () => {
            const answer = await fetch(address + encodeURIComponent(text)).then(read).catch(() => null);
            if (answer && input.value.trim() === text) tell(answer);
        }, 250);
    });
};

// Ctrl-K, and a slash where nobody types, open a search over the page. It shows what the page of the search would, to which Enter leads.
const searchPage = document.querySelector("[data-search]")?.href;
const openSearch = () => {
    const dialog = document.body.appendChild(document.createElement("dialog"));
    dialog.ariaLabel = "Search";
    dialog.innerHTML = '<form class="search"><input name="q" maxlength="50" autocomplete="off"><button>Search</button></form><div aria-live="polite"></div>';
    const [form, found] = dialog.children;
    form.action = searchPage;
    form.elements.q.ariaLabel = form.elements.q.placeholder = "Clients, users and organizations";
    const show = (page) => {
        const hits = page && new DOMParser().parseFromString(page, "text/html").querySelectorAll("main section, main .empty, [data-message=too-short]");
        found.replaceChildren(...hits ?? []);
    };
    whileTyped(form.elements.q, `${searchPage}?q=`, show, (reply) => reply.text());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
};
addEventListener("keydown", (event) => {
    const isCommand = event.ctrlKey || event.metaKey;
    const asks = isCommand ? event.key === "k" : event.key === "/" && !event.target.closest("input, textarea, select");
    if (!asks || !searchPage || document.querySelector("dialog")) return;
    event.preventDefault();
    openSearch();
});

// Whether it can be had.
for (const input of document.querySelectorAll("[data-check]")) {
    const said = input.parentElement.querySelector("[data-live]");
    whileTyped(input, input.dataset.check, (answer) => {
        said.textContent = answer ? answer.problem ?? "This ID is free." : "";
        said.className = answer?.problem ? "live bad" : "live good";
    });
}

// Which accounts there are. One that is typed or chosen tells of which kind it is.
for (const input of document.querySelectorAll("[data-suggest]")) {
    const kind = input.form.elements.kind;
    whileTyped(input, input.dataset.suggest, (answer) => {
        if (answer) input.list.replaceChildren(...answer.accounts.map(({ id, kind }) => new Option(kind, id)));
        const chosen = [...input.list.options].find((option) => option.value === input.value.trim());
        if (kind && chosen) kind.value = chosen.text;
    });
}

// All requests of the page at once.
for (const every of document.querySelectorAll("input[name=every]")) {
    const single = [...every.form.querySelectorAll("input[name=client]")];
    const renew = () => {
        const count = single.filter((box) => box.checked).length;
        every.checked = count === single.length;
        every.indeterminate = count > 0 && count < single.length;
    };
    every.addEventListener("change", () => {
        single.forEach((box) => { box.checked = every.checked; });
        renew();
    });
    single.forEach((box) => box.addEventListener("change", renew));
    renew();
}

// Rights: all that is shown of a group at once, a filter that works as you type, and greyed what a ticked one implies.
for (const rights of document.querySelectorAll("[data-rights]")) {
    const boxes = [...rights.querySelectorAll("input[name=rights]")];
    const groups = [...rights.querySelectorAll("details")].map((details) => {
        const whole = details.querySelector("[data-whole]");
        // Sent, it would choose what is hidden too.
        whole?.removeAttribute("name");
        return { details, whole, boxes: [...details.querySelectorAll("input[name=rights]")] };
    });
    const isShown = (box) => !box.closest("label").hidden;
    // What is chosen itself: a box also looks ticked if another implies it.
    const chosen = new Set(boxes.filter((box) => box.checked));
    const renew = () => {
        const implying = boxes.filter((box) => chosen.has(box) && box.dataset.implies).map((box) => box.dataset.implies.split(" "));
        for (const box of boxes) {
            const implied = implying.some((names) => names[0] === "*" || names.includes(box.value)) && box.dataset.implies !== "*";
            box.disabled = implied;
            box.checked = implied || chosen.has(box);
        }
        for (const { details, whole, boxes } of groups) {
            const count = boxes.filter((box) => box.checked).length;
            details.querySelector("[data-chosen]").textContent = ` ${count} of ${boxes.length}`;
            if (!whole) continue;
            const shown = boxes.filter(isShown);
            const ticked = shown.filter((box) => box.checked).length;
            whole.checked = ticked > 0 && ticked === shown.length;
            whole.indeterminate = ticked > 0 && ticked < shown.length;
            whole.nextElementSibling.textContent = shown.length < boxes.length ? `Select the ${shown.length} shown` : `Select all ${boxes.length}`;
        }
    };
    const choose = (box, isChosen) => { if (isChosen) chosen.add(box); else chosen.delete(box); };
    boxes.forEach((box) => box.addEventListener("change", () => { choose(box, box.checked); renew(); }));
    groups.forEach(({ whole, boxes }) => whole?.addEventListener("change", () => {
        boxes.filter(isShown).forEach((box) => choose(box, whole.checked));
        renew();
    }));
    // A greyed box is not sent; what was chosen itself stays chosen.
    boxes[0]?.form.addEventListener("formdata", ({ formData }) => {
        boxes.filter((box) => box.disabled && chosen.has(box)).forEach((box) => formData.append("rights", box.value));
    });
    const filter = rights.querySelector(".filter");
    const counted = rights.querySelector("[data-counted]");
    const field = filter.querySelector("input");
    filter.hidden = false;
    // Enter is for the form; here it would send it half filled in.
    field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    let unfiltered = null;
    field.addEventListener("input", () => {
        const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
        unfiltered ??= groups.map(({ details }) => details.open);
        let found = 0;
        groups.forEach(({ details }, n) => {
            const labels = [...details.querySelectorAll("label.tick:not(.whole)")];
            const matching = labels.filter((label) => words.every((word) => label.textContent.toLowerCase().includes(word)));
            labels.forEach((label) => { label.hidden = !matching.includes(label); });
            details.hidden = matching.length === 0;
            details.open = words.length > 0 ? matching.length > 0 : unfiltered[n];
            found += matching.length;
        });
        if (words.length === 0) unfiltered = null;
        counted.textContent = words.length > 0 ? `${found} ${found === 1 ? "right matches" : "rights match"}.` : "";
        renew();
    });
    renew();
}

// The ID of a new client follows its name until somebody types one.
const named = document.querySelector("form:has(input[name=kind]) input[name=name]");
if (named) {
    const id = named.form.elements.id;
    const made = () => named.value.toLowerCase().replaceAll("ß", "ss").replace(/[äöü]/g, (letter) => `${letter.normalize("NFD")[0]}e`)
        .normalize("NFD").replace(/\p{M}/gu, "").replace(/[^a-z0-9]+/g, "-").slice(0, 36).replace(/^-|-$/g, "");
    let follows = !id.value;
    id.addEventListener("input", (event) => { if (event.isTrusted) follows = !id.value; });
    named.addEventListener("input", () => {
        if (!follows) return;
        id.value = made();
        id.dispatchEvent(new Event("input"));
    });
    // What is ticked at first depends on where it runs.
    for (const kind of named.form.querySelectorAll("input[name=kind]")) {
        kind.addEventListener("change", () => {
            const grants = kind.dataset.grants.split(" ");
            named.form.querySelectorAll("input[name=grants]").forEach((box) => { box.checked = grants.includes(box.value); });
        });
    }
}
