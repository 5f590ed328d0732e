/** Builds the page into the package that serves it, self-contained, with nothing inlined that a strict CSP refuses. */

import { cpSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const STUDIO_URL = process.env["REYNA_STUDIO"] ?? "http://127.0.0.1:8010";

const SWAGGER_FILES = ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css"];

/** Copies the files that show the API, so that it can be browsed without a network. */
const copySwaggerFiles = {
  name: "copy-swagger-files",
  closeBundle() {
    for (const file of SWAGGER_FILES) {
      cpSync(`node_modules/swagger-ui-dist/${file}`, `../src/reyna/transport/http/openapi/page/${file}`);
    }
  },
};

export default defineConfig({
  base: "/",
  plugins: [react(), copySwaggerFiles],
  build: {
    outDir: "../src/reyna/services/studio/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // data: addresses would need an exception in the CSP
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: { "/api": STUDIO_URL, "/ws": { target: STUDIO_URL, ws: true } },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    testTimeout: 60_000, // a busy machine is slow
  },
});
