// Mends what the theme and Sphinx leave unnamed or misnamed, and opens folds where they are wanted.
document.addEventListener("DOMContentLoaded", () => {
  const each = (selector, mend) => document.querySelectorAll(selector).forEach(mend);

  // The visible text names these; the theme's label hides it.
  each("summary[aria-label], .search-button-field", (element) => element.removeAttribute("aria-label"));
  each(".search-button__kbd-shortcut, .theme-switch", (element) => element.setAttribute("aria-hidden", "true"));
  each(".theme-switch", (icon) => icon.removeAttribute("title"));

  const chinese = document.documentElement.lang.startsWith("zh");

  // The arrows that open a part of the contents have no words.
  each(".bd-sidebar-primary details > summary", (arrow) => {
    const page = arrow.closest("li").querySelector("a").textContent.trim();
    arrow.setAttribute("aria-label", chinese ? `${page}：各页` : `Pages of ${page}`);
  });

  // The links of these lists stand beside list items, which the role forbids.
  each(".citation-list, .citation-list [role]", (element) => element.removeAttribute("role"));

  // The list of modules holds lists beside its items instead of in them.
  each("article ul > ul", (list) => list.previousElementSibling?.append(list));

  each(".sidebar-primary-items__start", (element) => {
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", chinese ? "本书" : "Book");
  });

  // The keyboard reaches what scrolls, also what is unfolded later.
  const reach = (box) => {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  };
  const scrolling = new ResizeObserver((entries) => entries.forEach(({ target }) => reach(target)));
  each("article pre, .scrolls, .math.wide, .pst-scrollable-table-container, .text_html", (box) => {
    scrolling.observe(box);
    document.fonts.ready.then(() => reach(box));  // the fonts of formulas come later and are wider
  });

  // A link into a fold opens it.
  const unfold = () => {
    let target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const inside = target;
    for (; target; target = target.parentElement) {
      if (target.tagName === "DETAILS") target.open = true;
    }
    inside?.scrollIntoView();
  };
  if (location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details")) unfold();
  addEventListener("hashchange", unfold);

  // The contents of the page follow the reader.
  const contents = document.getElementById("pst-page-toc-nav");
  const follow = () => {
    const link = contents.querySelector("a[aria-current]")?.getBoundingClientRect();
    const bar = contents.closest(".bd-sidebar-secondary");
    const { top, height } = bar.getBoundingClientRect();
    if (link) bar.scrollTop += link.top - (top + height / 2);
  };
  if (contents) new MutationObserver(follow).observe(contents, { attributeFilter: ["aria-current"], subtree: true });

  // At the thumb of a slider stands the value that it gives to the parameter it varies.
  each(".lossbook-explorer", (explorer) => {
    const slider = explorer.querySelector("input");
    const calls = [...explorer.querySelectorAll("[data-name]")].map((state) => state.dataset.name.split(/[(,)]/));
    const varied = calls[0].findIndex((part, i) => part !== calls.at(-1)[i]);
    if (varied < 0) return;
    const track = document.createElement("span");
    track.className = "track";
    const value = document.createElement("span");
    value.className = "at-thumb";
    value.ariaHidden = "true";
    const show = () => {
      value.textContent = calls[slider.valueAsNumber][varied].split("=")[1];
      value.style.setProperty("--at", slider.value / slider.max);
    };
    slider.replaceWith(track);
    track.append(value, slider);
    slider.addEventListener("input", show);
    show();
  });

  // On paper every fold is open.
  const opened = [];
  addEventListener("beforeprint", () => each("article details:not([open])", (fold) => {
    fold.open = true;
    opened.push(fold);
  }));
  addEventListener("afterprint", () => opened.splice(0).forEach((fold) => { fold.open = false; }));
});
