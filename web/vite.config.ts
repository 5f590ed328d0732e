/** Builds the page into the package that serves it, self-contained, with nothing inlined that a strict CSP refuses. */

import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const STUDIO_URL = process.env["REYNA_STUDIO"] ?? "http://127.0.0.1:8010";

const SWAGGER_FILES = ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css"];

const PAGE_FOLDER = "../src/reyna/services/studio/page";
const SWAGGER_FOLDER = "../src/reyna/transport/http/openapi/page";

/** Copies the files that show the API, so that it can be browsed without a network. */
const copySwaggerFiles = {
  name: "copy-swagger-files",
  closeBundle() {
    for (const file of SWAGGER_FILES) {
      cpSync(`node_modules/swagger-ui-dist/${file}`, `${SWAGGER_FOLDER}/${file}`);
    }
  },
};

/** Writes each text beside itself in the codings that browsers take; fonts and images are compressed already. */
const compressAssets = {
  name: "compress-assets",
  closeBundle: {
    order: "post" as const,
    sequential: true,
    handler() {
      for (const folder of [`${PAGE_FOLDER}/assets`, SWAGGER_FOLDER]) {
        for (const name of readdirSync(folder).filter((file) => /\.(?:js|css|svg|json)$/.test(file))) {
          const content = readFileSync(`${folder}/${name}`);
          const size = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
          writeFileSync(`${folder}/${name}.br`, brotliCompressSync(content, { params: size }));
          writeFileSync(`${folder}/${name}.gz`, gzipSync(content, { level: 9 }));
        }
      }
    },
  },
};

export default defineConfig({
  base: "/",
  plugins: [react(), copySwaggerFiles, compressAssets],
  build: {
    outDir: PAGE_FOLDER,
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
    testTimeout: 60_000, // on a busy machine
  },
});
