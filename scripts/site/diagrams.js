// Draws the Mermaid diagrams of a page in the colours that the reader has chosen. A click enlarges one.
const blocks = [...document.querySelectorAll('pre > code.mermaid')];

const isDark = () => {
  const { theme } = document.documentElement.dataset;
  if (theme === 'light' || theme === 'dark') return theme === 'dark';
  return matchMedia('(prefers-color-scheme: dark)').matches;
};

const draw = async () => {
  const { mermaid } = globalThis;
  mermaid.initialize({ startOnLoad: false, theme: isDark() ? 'dark' : 'default' });
  for (const [index, block] of blocks.entries()) {
    const figure = document.createElement('figure');
    figure.className = 'diagram';
    figure.innerHTML = (await mermaid.render(`diagram-${index}`, block.textContent)).svg;
    const { style } = figure.firstElementChild;
    // Mermaid leaves its own size there.
    figure.addEventListener('click', () => {
      style.width = figure.classList.toggle('is-large') ? style.maxWidth : '';
    });
    block.parentElement.replaceWith(figure);
  }
};

// The program that draws has 2.5 MB: only pages with a diagram load it.
if (blocks.length > 0) {
  const script = document.createElement('script');
  script.src = new URL('mermaid.js', document.currentScript.src).href;
  script.addEventListener('load', draw);
  document.head.append(script);
}
