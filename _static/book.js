// Mends what the theme and Sphinx leave unnamed or misnamed for screen readers.
document.addEventListener("DOMContentLoaded", () => {
  const each = (selector, mend) => document.querySelectorAll(selector).forEach(mend);

  // The visible text names these; the theme's label hides it.
  each("summary[aria-label], .search-button-field", (element) => element.removeAttribute("aria-label"));
  each(".search-button__kbd-shortcut, .theme-switch", (element) => element.setAttribute("aria-hidden", "true"));

  // Their titles would be read as visible text that the button's name lacks; an icon may already
  // have become a drawing whose title is an element.
  each(".theme-switch", (icon) => {
    icon.removeAttribute("title");
    icon.querySelector("title")?.remove();
  });

  // The links of these lists stand beside list items, which the role forbids.
  each(".citation-list, .citation-list [role]", (element) => element.removeAttribute("role"));

  // The theme lets the keyboard reach code that scrolls; do so, too, for what is unfolded later.
  const unfolded = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
    }
  });
  each("details pre, .dropdown pre", (code) => unfolded.observe(code));

  each(".sidebar-primary-items__start", (element) => {
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", "Book");
  });
});
