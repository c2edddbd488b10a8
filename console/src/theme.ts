/** Dark or light: what the system prefers, unless the user chose otherwise here. */
import { effect, signal } from "@preact/signals";

export type Theme = "dark" | "light";

const key = "weir-theme";
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const kept = localStorage.getItem(key);

export const theme = signal<Theme>(kept === "dark" || kept === "light" ? kept : preferred());

prefersDark.addEventListener("change", () => {
  if (localStorage.getItem(key) === null) theme.value = preferred();
});
effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

export function switchTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(key, theme.value);
}

function preferred(): Theme {
  return prefersDark.matches ? "dark" : "light";
}
