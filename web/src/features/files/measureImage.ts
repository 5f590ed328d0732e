/** The size of an image as the browser shows it, so that the page keeps room for it. */

/** Returns the width and height in pixels; null for an image that the browser cannot decode. */
export async function measureImage(file: File): Promise<{ width: number; height: number } | null> {
  if (!("createImageBitmap" in globalThis)) return null;
  try {
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    bitmap.close();
    return { width, height };
  } catch {
    return null;
  }
}
