// Search the book, section by section: from a file or from a server, while one types.
(() => {
  const MOST = 20;
  const root = document.currentScript.src.replace(/_static\/search\.js.*$/, "");
  const CHAPTER = 0, SECTION = 1, CLASS = 2, TERM = 3;
  const words = document.documentElement.lang.startsWith("zh")
    ? { glossary: "术语表", found: (n) => n === MOST ? `最相关的 ${MOST} 处` : n ? `${n} 处` : "没有找到" }
    : { glossary: "Glossary", found: (n) => n === MOST ? `The best ${MOST} places` : n === 1 ? "One place" : `${n || "No"} places` };
  const KINDS = ["", "", "API", words.glossary];
  const HAN = /[\u3400-\u9fff]/;

  const normal = (text) => text.toLowerCase().normalize("NFKC").replace(/['’]s\b/g, "")
    .replace(/[^\p{L}\p{N}+]+/gu, " ").trim();
  const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  // Word by word, a plural for its singular; what is still being typed may be the start of a word.
  const matcher = (phrase, open) => HAN.test(phrase)
    ? new RegExp(literal(phrase), "gu")
    : new RegExp(`(?<![\\p{L}\\p{N}])${literal(phrase)}(?:${open ? "\\p{L}*" : "e?s?"})(?![\\p{L}\\p{N}])`, "gu");

  let loading;
  const load = () => loading ??= new Promise((done, failed) => {
    window.bookIndex = ({ records, synonyms }) => done({
      records: records.map(([kind, title, page, address, text]) => ({
        kind, title, page, address, text,
        inTitle: normal(title), inPage: normal(page), inText: normal(text),
      })),
      synonyms: synonyms.map((line) => line.map(normal)),
    });
    const script = document.createElement("script");
    script.src = `${root}_static/search-index.js`;
    script.onerror = failed;
    document.head.append(script);
  });

  // A query is a list of notions, each a list of phrases of which one must be found.
  const notions = (query, synonyms) => {
    let rest = ` ${normal(query)} `;
    const found = [];
    const lines = synonyms.flatMap((line) => line.map((phrase) => ({ phrase, line })))
      .sort((a, b) => b.phrase.length - a.phrase.length);
    for (const { phrase, line } of lines) {
      if (rest.includes(` ${phrase} `)) {
        const at = rest.indexOf(` ${phrase} `);
        const others = line.filter((other) => other !== phrase);
        const same = found.find((notion) => notion.phrases[0].phrase === phrase);
        if (same) {
          same.phrases.push(...others.map((phrase) => ({ phrase, weight: 0.85 })));
          continue;
        }
        found.push({ at, phrases: [phrase, ...others].map((phrase, i) => ({ phrase, weight: i ? 0.85 : 1 })) });
        for (const other of lines) {
          if (other.phrase === phrase && other.line !== line) {
            found.at(-1).phrases.push(...other.line.filter((p) => p !== phrase).map((phrase) => ({ phrase, weight: 0.85 })));
          }
        }
        rest = rest.replace(` ${phrase} `, " ".padEnd(phrase.length + 2));
      }
    }
    for (const { 0: word, index } of rest.matchAll(/\S+/g)) {
      const open = !HAN.test(word) && /\S$/.test(query) && rest.slice(index + word.length).trim() === "";
      found.push({ at: index, phrases: [{ phrase: word, weight: 1 }, ...(open && word.length > 2 ? [{ phrase: word, weight: 0.7, open }] : [])] });
    }
    for (const notion of found) {
      for (const way of notion.phrases) way.pattern = matcher(way.phrase, way.open);
    }
    return found.sort((a, b) => a.at - b.at);
  };

  const share = (text, pattern) => {
    let letters = 0;
    for (const [part] of text.matchAll(pattern)) letters += part.length;
    return letters && Math.min(1, 0.4 + 0.6 * letters / text.length);
  };

  const score = (record, wanted) => {
    let total = 0, met = 0;
    for (const { phrases } of wanted) {
      let best = 0;
      for (const { weight, pattern } of phrases) {
        const times = record.inText.match(pattern)?.length ?? 0;
        const title = share(record.inTitle, pattern);
        const page = record.kind === SECTION ? share(record.inPage, pattern) : 0;
        const text = Math.log1p(times) / (1 + record.inText.length / 6000);
        best = Math.max(best, weight * (30 * title + 6 * page + 3 * text));
      }
      met += best > 0;
      total += best;
    }
    const favoured = [1.7, 1, 0.6, 0.85][record.kind];
    return total * favoured * (met / wanted.length) ** 3;
  };

  // The stretch of text in which most of the notions stand, with what was looked for in bold.
  const excerpt = (record, wanted) => {
    const patterns = wanted.flatMap(({ phrases }) => phrases.map(({ phrase, open }) =>
      literal(phrase).replaceAll(" ", "[\\s\\-–’'s]+") + (HAN.test(phrase) ? "" : open ? "\\p{L}*" : "e?s?(?![\\p{L}\\p{N}])")));
    const all = new RegExp(`(?<![\\p{L}\\p{N}])(?:${patterns.join("|")})`, "giu");
    const first = record.text.search(all);
    const sentence = Math.max(...[". ", "? ", ": ", "。", "？", "："]
      .map((end) => record.text.lastIndexOf(end, first - end.length) + end.length));
    const from = first < 100 ? 0 : first - sentence < 110 ? sentence : record.text.lastIndexOf(" ", first - 60) + 1;
    const piece = record.text.slice(from, from + 190).replace(/[\s，。；][^\s，。；]*$/, "");
    const shown = escaped(piece).replace(all, "<mark>$&</mark>");
    return (from ? "… " : "") + shown + (from + piece.length < record.text.length ? " …" : "");
  };

  const find = async (query) => {
    const { records, synonyms } = await load();
    const wanted = notions(query, synonyms);
    if (!wanted.length) return [];
    return records.map((record) => ({ record, value: score(record, wanted) }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => b.value - a.value)
      .slice(0, MOST)
      .map(({ record }) => ({ ...record, excerpt: excerpt(record, wanted) }));
  };
  window.findInBook = find;

  const show = async (query, list, count) => {
    const hits = query.trim() ? await find(query) : [];
    list.innerHTML = hits.map(({ kind, title, page, address, excerpt }) =>
      `<li><a href="${root}${address}">${escaped(title)}</a>` +
      (kind === SECTION ? ` <small>${escaped(page)}</small>` : KINDS[kind] && ` <small>${KINDS[kind]}</small>`) +
      `<p>${excerpt}</p></li>`).join("");
    if (count) {
      count.textContent = query.trim() && words.found(hits.length);
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form.bd-search")) {
      const input = form.querySelector("input[type=search]");
      const place = form.closest("dialog, article");
      const list = place?.querySelector(".search-hits");
      if (!list) continue;
      const count = place.querySelector(".search-count");
      let waiting;
      input.addEventListener("focus", load);
      input.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => show(input.value, list, count), 80);
      });
      if (place.matches(".bd-search-container")) {
        form.addEventListener("submit", (event) => {
          event.preventDefault();
          history.replaceState(null, "", `?q=${encodeURIComponent(input.value)}`);
          show(input.value, list, count);
        });
        input.value = new URLSearchParams(location.search).get("q") ?? "";
        show(input.value, list, count);
        input.focus();
      }
    }
  });
})();
