/** A compiled book: its files, what is worth a look, and its contents with their words. */

import type { ReactNode } from "react";
import type { Blob } from "../../api/types";
import { useForest } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { linkTo } from "../../studio/route";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { Message } from "../../ui/Message";
import { UserText } from "../../ui/UserText";
import { type CompiledBook, type ListedChapter, type ListedPart, readCompiledBook } from "./compiledBook";
import { FileDownloads } from "./FileDownloads";

export function CompiledBookView({ blob }: { blob: Blob }): ReactNode {
  const book = readCompiledBook(blob);
  return (
    <div className="book">
      <header>
        <h3 dir="auto">{book.title || text.books.untitled}</h3>
        {book.subtitle && <p dir="auto">{book.subtitle}</p>}
        <p className="quiet">
          {book.author && (
            <>
              <Message text={text.books.by} values={{ author: <UserText>{book.author}</UserText> }} />
              {text.trash.separator}
            </>
          )}
          {book.words !== null && text.books.words(book.words) + text.trash.separator}
          {text.books.chapters(book.chapterCount)}
        </p>
      </header>
      <FileDownloads files={book.files} />
      <Warnings book={book} />
      <Contents book={book} />
    </div>
  );
}

function Warnings({ book: { missing, emptyChapters, textsLeftOut } }: { book: CompiledBook }): ReactNode {
  if (missing.length === 0 && emptyChapters === 0 && !textsLeftOut) return null;
  return (
    <section className="book-warnings" aria-label={text.books.warnings}>
      <h4>
        <Icon name="alert" /> {text.books.warnings}
      </h4>
      {missing.length > 0 && (
        <>
          <p>{text.books.missing(missing.length)}</p>
          <ul className="content-list">
            {missing.map((title, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two chapters may have the same name
              <li key={index} dir="auto">
                {title}
              </li>
            ))}
          </ul>
        </>
      )}
      {emptyChapters > 0 && <p>{text.books.emptyChapters(emptyChapters)}</p>}
      {textsLeftOut && <p>{text.books.textsLeftOut}</p>}
    </section>
  );
}

function Contents({ book }: { book: CompiledBook }): ReactNode {
  return (
    <section className="book-contents" aria-label={text.books.contents}>
      <h4>{text.books.contents}</h4>
      {book.hasFrontMatter && <p className="quiet">{text.books.frontMatter}</p>}
      {book.parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one book are drawn anew together
        <Part part={part} key={index} />
      ))}
      {book.hasBackMatter && <p className="quiet">{text.books.backMatter}</p>}
    </section>
  );
}

function Part({ part: { title, chapters } }: { part: ListedPart }): ReactNode {
  return (
    <>
      {title && <h5 dir="auto">{title}</h5>}
      <ol>
        {chapters.map((chapter, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two chapters may have the same name
          <Chapter chapter={chapter} key={index} />
        ))}
      </ol>
    </>
  );
}

function Chapter({ chapter: { title, words, bucketId } }: { chapter: ListedChapter }): ReactNode {
  const name = <UserText>{title || text.books.untitled}</UserText>;
  const openDialog = useOpenDialog();
  const isThere = useForest().byId.has(bucketId ?? "");
  return (
    <li>
      {isThere && bucketId !== null ? (
        <a href={linkTo(bucketId)} onClick={() => openDialog(null)}>
          {name}
        </a>
      ) : (
        name
      )}
      {words !== null && <span className="quiet">{text.books.words(words)}</span>}
    </li>
  );
}
