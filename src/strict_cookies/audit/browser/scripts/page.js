// The page's title, its links, and the URLs of its cookie declaration.

() => {
  const text = (it) => `${it ?? ""}`.slice(0, 200);
  return {
    title: text(document.title),
    links: [...document.querySelectorAll("a[href], area[href]")].slice(0, 2000).map((link) => ({
      url: `${link.href}`.slice(0, 2000),
      words: [text(link.textContent), text(link.title), text(link.getAttribute("aria-label"))],
      download: link.hasAttribute("download"),
      rel: text(link.rel),
    })),
    declarations: [...document.querySelectorAll('[rel~="cookie-declaration"][href]')]
      .slice(0, 5)
      .map((it) => it.href),
  };
}
