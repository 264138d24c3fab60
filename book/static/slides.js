/* A lesson as slides: its own paragraphs and figures, a few at a time. Press p. No other script is needed. */
(() => {
  const article = document.querySelector("article.bd-article");
  if (!article || !location.pathname.includes("/lessons/")) return;
  let slides = [], at = 0;

  const hasPicture = (node) => node.matches(".cell") && node.querySelector(".cell_output img, .cell_output table");

  const silent = (node) => node.matches(".cell") && !node.querySelector(".cell_output"); // only code, hidden at first

  function cut(section, found) {
    let slide = [];
    const close = () => {
      if (slide.length && found.length && slide.every(silent)) found.at(-1).push(...slide);
      else if (slide.length) found.push(slide);
      slide = [];
    };
    for (const child of section.children) {
      if (child.matches("section")) { close(); cut(child, found); continue; }
      slide.push(child);
      if (hasPicture(child)) close();
    }
    close();
    return found;
  }

  function show(index) {
    at = Math.max(0, Math.min(index, slides.length - 1));
    article.querySelectorAll(".on-slide").forEach((node) => node.classList.remove("on-slide"));
    for (const node of slides[at]) {
      for (let up = node; up !== article; up = up.parentElement) up.classList.add("on-slide");
    }
    counter.textContent = `${at + 1} / ${slides.length}`;
    window.scrollTo(0, 0);
  }

  function toggle() {
    const present = document.body.classList.toggle("slides");
    if (!present) { slides[at][0].scrollIntoView(); return; }
    slides = cut(article, []);
    const seen = slides.findIndex((slide) => slide.some((node) => node.getBoundingClientRect().bottom > 80));
    show(Math.max(0, seen));
  }

  const counter = document.createElement("div");
  counter.className = "slide-counter";
  counter.setAttribute("aria-live", "polite");
  document.body.append(counter);

  const button = document.createElement("button");
  button.type = "button";
  button.className = "slide-button btn btn-sm";
  button.textContent = "Slides";
  button.title = "Show this lesson as slides (p)";
  button.addEventListener("click", toggle);
  document.querySelector(".article-header-buttons")?.prepend(button);

  const steps = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const present = document.body.classList.contains("slides");
    if (event.key === "p" || (present && event.key === "Escape")) { toggle(); return; }
    if (!present) return;
    if (event.key === "c") document.body.classList.toggle("with-code");
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(slides.length - 1);
    else if (event.key in steps && event.target.tagName !== "SUMMARY") show(at + steps[event.key]);
    else return;
    event.preventDefault();
  });
  if (location.hash === "#slides") toggle();
})();
