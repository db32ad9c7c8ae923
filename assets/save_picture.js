// Two buttons that save a chart of the page as PNG or SVG, in the colours it is seen in.
// data: { chart: the chart's key, name: the file's name without its ending }

const STYLE = `
  div { display: flex; gap: 0.5rem; }
  button {
    font: inherit; font-size: 0.875rem; line-height: 1.6; min-height: 2.5rem; padding: 0 0.75rem;
    cursor: pointer;
    color: var(--st-text-color); background: var(--st-background-color);
    border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
  }
  button:hover, button:focus-visible { color: var(--st-primary-color); border-color: currentColor; }
`

export default function ({ data, parentElement }) {
  const row = document.createElement("div")
  const save = (format) => {
    const drawn = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`)
    if (!drawn || !window.Plotly) return
    // The page shows through the chart; a file has nothing behind it.
    const ground = getComputedStyle(row).getPropertyValue("--st-background-color")
    const figure = { data: drawn.data, layout: { ...drawn.layout, paper_bgcolor: ground } }
    const { width, height } = drawn.getBoundingClientRect()
    window.Plotly.downloadImage(figure, { format, width, height, scale: 2, filename: data.name })
  }
  const buttons = ["png", "svg"].map((format) => {
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = format.toUpperCase()
    button.title = "Save the picture as " + format.toUpperCase()
    button.onclick = () => save(format)
    return button
  })
  const style = document.createElement("style")
  style.textContent = STYLE
  row.append(...buttons)
  parentElement.replaceChildren(style, row)
  return () => parentElement.replaceChildren()
}
