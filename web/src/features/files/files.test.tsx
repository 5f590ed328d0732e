// @vitest-environment jsdom
import { createEvent, fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBlob } from "../../api/samples.fixture";
import { createTestStudio } from "../../testing/studio.fixture";
import { BlobContent } from "../content/BlobContent";
import { FileDrop } from "./FileDrop";
import { UploadList } from "./UploadList";

const ZIP = new File(["…"], "a.zip", { type: "application/zip" });

function transferOf(files: File[], types = ["Files"]) {
  const items = files.map(({ name }) => ({ webkitGetAsEntry: () => ({ name, isDirectory: name === "folder" }) }));
  return { types, files, items, dropEffect: "none" };
}

function showDrop() {
  const page = createTestStudio();
  page.show(
    <FileDrop bucketId="bucket-1">
      <p>Chapter</p>
      <UploadList bucketId="bucket-1" />
      <UploadList bucketId="bucket-2" />
    </FileDrop>,
  );
  return page;
}

test("files above the page are welcome, and are added where they are dropped", async () => {
  const { user } = showDrop();
  fireEvent.dragOver(screen.getByText("Chapter"), { dataTransfer: transferOf([]) });
  expect(screen.getByRole("status").textContent).toContain("Drop the files");
  fireEvent.drop(screen.getByText("Chapter"), { dataTransfer: transferOf([ZIP]) });
  expect(screen.queryByRole("status")).toBeNull();
  expect(screen.getAllByRole("listitem")).toHaveLength(1);
  expect(screen.getByRole("alert").textContent).toContain("this is application/zip");
  expect(screen.queryByRole("button", { name: "Try again: a.zip" })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Take a.zip off the list" }));
  expect(screen.queryByRole("alert")).toBeNull();
});

test("folders are not added, and say so", () => {
  const { studio } = showDrop();
  fireEvent.drop(screen.getByText("Chapter"), { dataTransfer: transferOf([new File([], "folder")]) });
  expect(screen.queryByRole("listitem")).toBeNull();
  expect(studio.notices.shown.get()[0]?.text).toContain("Folders cannot be added");
});

test("text that is dragged is left to the editor", () => {
  showDrop();
  const target = screen.getByText("Chapter");
  const event = createEvent.dragOver(target, { dataTransfer: transferOf([], ["text/plain"]) });
  fireEvent(target, event);
  expect([event.defaultPrevented, screen.queryByRole("status")]).toEqual([false, null]);
});

test("an image is shown, and audio can be played; both can be downloaded", () => {
  const { show } = createTestStudio();
  const data = { file_id: "file-1", file_name: "cover.png", bytes: 4_000, alt: "A ship" };
  show(<BlobContent blob={sampleBlob({ schema_id: "image-v1", data })} />);
  expect(screen.getByRole<HTMLImageElement>("img", { name: "A ship" }).getAttribute("src")).toBe("/api/files/file-1");
  expect(screen.getByRole("link").getAttribute("download")).toBe("cover.png");
  show(<BlobContent blob={sampleBlob({ schema_id: "audio-stem-v1", data: { file_id: "file-2", title: "Drums" } })} />);
  expect(screen.getByLabelText("Recording Drums").getAttribute("src")).toBe("/api/files/file-2");
});
