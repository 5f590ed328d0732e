/** How the page is built: into the package that serves it, self-contained, nothing inlined that a strict CSP refuses. */

import { cpSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const STUDIO = process.env["REYNA_STUDIO"] ?? "http://127.0.0.1:8010";

const DESCRIBED = ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css"];

/** What the services show their API with, so that it can be browsed where there is no network. */
const described = {
  name: "described",
  closeBundle() {
    for (const file of DESCRIBED) {
      cpSync(`node_modules/swagger-ui-dist/${file}`, `../src/reyna/http/page/${file}`);
    }
  },
};

export default defineConfig({
  base: "/",
  plugins: [react(), described],
  build: {
    outDir: "../src/reyna/studio/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // data: addresses would need an exception in the CSP
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: { "/api": STUDIO, "/ws": { target: STUDIO, ws: true } },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
