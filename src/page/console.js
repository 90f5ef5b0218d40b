// Comfort for the Console. Nothing depends on it: every task works without it.
"use strict";

// Instants in the reader's time zone; the exact one stays in the title.
for (const time of document.querySelectorAll("time[datetime]")) {
    const instant = new Date(time.dateTime);
    time.textContent = instant.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

// Where there is little room the menu stays shut until it is asked for.
if (matchMedia("(max-width: 48rem)").matches) {
    document.querySelectorAll("nav details").forEach((menu) => { menu.open = false; });
}

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

// Asks about an ID while it is typed. What was said of another is over at once; the answer comes a little later.
const whileTyped = (input, address, tell) => {
    let timer;
    input.addEventListener("input", () => {
        clearTimeout(timer);
        tell(null);
        const id = input.value.trim();
        if (!id) return;
        timer = setTimeout(async () => {
            const answer = await fetch(address + encodeURIComponent(id)).then((reply) => reply.json()).catch(() => null);
            if (answer && input.value.trim() === id) tell(answer);
        }, 250);
    });
};

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

// A box that means all of some others.
const meansAll = (whole, single, tell = () => {}) => {
    const renew = () => {
        const count = single.filter((box) => box.checked).length;
        tell(count);
        if (!whole) return;
        whole.checked = count === single.length;
        whole.indeterminate = count > 0 && count < single.length;
    };
    whole?.addEventListener("change", () => {
        single.forEach((box) => { box.checked = whole.checked; });
        renew();
    });
    single.forEach((box) => box.addEventListener("change", renew));
    renew();
};

// All requests of the page at once.
for (const every of document.querySelectorAll("input[name=every]")) {
    meansAll(every, [...every.form.querySelectorAll("input[name=client]")]);
}

// Rights: all of a group at once, and a filter that works as you type.
for (const rights of document.querySelectorAll("[data-rights]")) {
    for (const group of rights.querySelectorAll("details")) {
        const single = [...group.querySelectorAll("input[name=rights]")];
        const chosen = group.querySelector("[data-chosen]");
        meansAll(group.querySelector("input[name=rights_of]"), single, (count) => { chosen.textContent = ` ${count} of ${single.length}`; });
    }
    const filter = rights.querySelector(".filter");
    const counted = rights.querySelector("[data-counted]");
    const field = filter.querySelector("input");
    filter.hidden = false;
    // Enter is for the form; here it would send it half filled in.
    field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    field.addEventListener("input", () => {
        const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
        let found = 0;
        for (const group of rights.querySelectorAll("details")) {
            const labels = [...group.querySelectorAll("label.tick:not(.whole)")];
            const matching = labels.filter((label) => words.every((word) => label.textContent.toLowerCase().includes(word)));
            labels.forEach((label) => { label.hidden = !matching.includes(label); });
            group.hidden = matching.length === 0;
            if (words.length > 0 && matching.length > 0) group.open = true;
            found += matching.length;
        }
        counted.textContent = words.length > 0 ? `${found} ${found === 1 ? "right matches" : "rights match"}.` : "";
    });
}
