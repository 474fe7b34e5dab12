/**
 * Which parts of a message are its text and which are attachments: the algorithm of RFC 8621 §4.1.4,
 * with everything that is no text attached.
 */
import type { Entity } from './mime-tree.ts';

export interface BodyParts {
  /** In order: `text/plain`, or `text/html` where there is no other text. */
  readonly text: readonly Entity[];
  /** The HTML side of the same text; empty where there is none. */
  readonly html: readonly Entity[];
  /** Those of `text` that have an HTML alternative in their place. */
  readonly plainAlternatives: readonly Entity[];
  /** An alternative has two texts of one type: all of them are text here, mail readers show the last. */
  readonly hasRivals: boolean;
  /** In the order of the message. */
  readonly attachments: readonly Entity[];
}

type Lists = {
  readonly text: Entity[] | null;
  readonly html: Entity[] | null;
  readonly attachments: Set<Entity>;
};

interface Place {
  readonly multipartType: string;
  readonly inAlternative: boolean;
}

function isText(entity: Entity): boolean {
  // A multipart that could not be opened is read as the text that it is, unless it is too deep.
  return entity.contentType === 'text/plain' || entity.contentType === 'text/html';
}

function isMedia(entity: Entity): boolean {
  return /^(image|audio|video)\//.test(entity.contentType);
}

function isInline(entity: Entity, position: number, multipartType: string): boolean {
  if (entity.disposition === 'attachment' || !(isText(entity) || isMedia(entity))) return false;
  return position === 0 || (multipartType !== 'related' && (isMedia(entity) || entity.name === ''));
}

function placeInline(entity: Entity, place: Place, lists: Lists): Lists {
  if (place.multipartType === 'alternative') {
    if (entity.contentType === 'text/plain') lists.text?.push(entity);
    else if (entity.contentType === 'text/html') lists.html?.push(entity);
    else lists.attachments.add(entity);
    return lists;
  }
  let { text, html } = lists;
  if (place.inAlternative && entity.contentType === 'text/plain') html = null;
  if (place.inAlternative && entity.contentType === 'text/html') text = null;
  if (isMedia(entity)) lists.attachments.add(entity);
  else {
    text?.push(entity);
    html?.push(entity);
  }
  return { ...lists, text, html };
}

/** Recursion is as deep as the tree, which has a limit of its own. */
function collect(entities: readonly Entity[], place: Place, given: Lists): void {
  let lists = given;
  const before = { text: given.text?.length ?? 0, html: given.html?.length ?? 0 };
  entities.forEach((entity, position) => {
    if (entity.children !== null) {
      const multipartType = entity.contentType.slice('multipart/'.length);
      const inAlternative = place.inAlternative || multipartType === 'alternative';
      collect(entity.children, { multipartType, inAlternative }, lists);
    } else if (isInline(entity, position, place.multipartType)) {
      lists = placeInline(entity, place, lists);
    } else {
      lists.attachments.add(entity);
    }
  });
  const { text, html } = given;
  if (place.multipartType !== 'alternative' || text === null || html === null) return;
  if (text.length === before.text && html.length > before.html) text.push(...html.slice(before.html));
  else if (html.length === before.html && text.length > before.text) html.push(...text.slice(before.text));
}

/** Whether a `multipart/alternative` offers one type of text more than once. Recursion as {@link collect}'s. */
function hasRivals({ contentType, children }: Entity): boolean {
  if (children === null) return false;
  const texts = children.filter((child) => child.children === null && isText(child));
  const isDoubled = new Set(texts.map((child) => child.contentType)).size < texts.length;
  return (contentType === 'multipart/alternative' && isDoubled) || children.some(hasRivals);
}

/** Sorts the parts of a message into text and attachments. */
export function selectBodyParts(root: Entity): BodyParts {
  const text: Entity[] = [];
  const html: Entity[] = [];
  const attachments = new Set<Entity>();
  collect([root], { multipartType: 'mixed', inAlternative: false }, { text, html, attachments });
  // A text that says of itself that it is an attachment, and is all there is, is both: nobody signs that field,
  // and whoever added it to a signed letter would have it read as empty.
  if (text.length === 0 && isText(root)) {
    text.push(root);
    html.push(root);
  }
  const onBothSides = new Set(html);
  return {
    text,
    html: html.filter((entity) => entity.contentType === 'text/html'),
    plainAlternatives: text.filter((entity) => !onBothSides.has(entity)),
    hasRivals: hasRivals(root),
    attachments: [...attachments].sort((a, b) => a.index - b.index),
  };
}
