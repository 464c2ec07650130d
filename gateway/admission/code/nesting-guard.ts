/**
 * oxc parses by recursion: a few thousand levels of `[` overflow the native stack and kill the process, which no
 * `try` can catch (measured with 0.154: 8000 brackets on an 8 MB stack). So the depth that a source can reach is
 * bounded by a lexical pass before the parser sees it. The pass never under-counts: where it cannot tell a regular
 * expression from a division and the difference matters, it refuses.
 */
export const maxBracketDepth = 500;
/** Longest chain of tokens without a separator, summed over the open brackets: `!!!!x`, `a=>b=>c`, `keyof keyof T`. */
export const maxChain = 4000;

/** Why a source is refused, or undefined when its depth is bounded. */
export function nestingFault(text: string): string | undefined {
  return new NestingScan(text).run();
}

interface Frame {
  readonly opener: string;
  /** The word in front of a parenthesis decides what a slash behind it means: `if (x) /re/`. */
  readonly word: string;
  /** Tokens since the last separator on this level, and `else` branches of the chain that is open. */
  tokens: number;
  elses: number;
}

/** Words after which an operand follows: a slash begins a regular expression, a new line ends nothing. */
const prefixWords = new Set(
  (
    'return typeof instanceof in of new delete void throw case do else await yield default extends keyof unique readonly ' +
    'infer asserts is as satisfies async export import const let var function class if while for with abstract declare ' +
    'type interface static implements accessor override get set'
  ).split(' '),
);
/** Words that continue an expression or a statement over a closing brace or a new line. */
const infixWords = new Set('else in instanceof of as satisfies extends implements is from'.split(' '));
const heads = new Set(['if', 'while', 'for', 'with', 'await']);
const pairs: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
const lineEnd = /[\n\r\u2028\u2029]/;
const wordEnd = /[^\w$\\\u0080-\uffff]|[\s\u2028\u2029]/g;
const longestRegex = 10_000;
/** What makes the two readings of an ambiguous slash differ. */
const material = /["'`()[\]{}]|\/\*/;

/** ASCII only: what is beyond may also be a space or the end of a line. */
function isWordChar(char: string): boolean {
  return (
    (char >= 'a' && char <= 'z') ||
    (char >= 'A' && char <= 'Z') ||
    (char >= '0' && char <= '9') ||
    '_$\\'.includes(char)
  );
}

class NestingScan {
  readonly #text: string;
  #at = 0;
  #frames: Frame[] = [{ opener: '{', word: '', tokens: 0, elses: 0 }];
  #total = 0;
  /** The token before: its text, whether an operand ended with it, and whether a line ended since. */
  #last = '';
  #operand = false;
  #newLine = false;
  #fault: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  run(): string | undefined {
    if (this.#text.startsWith('#!')) this.#skipLine();
    while (this.#at < this.#text.length && this.#fault === undefined) this.#step();
    return this.#fault;
  }

  #step(): void {
    const char = this.#text[this.#at]!;
    if (char === ' ') this.#at++;
    else if (isWordChar(char)) this.#word();
    else if (lineEnd.test(char)) {
      this.#newLine = true;
      this.#at++;
    } else if (/\s/.test(char)) this.#at++;
    else if (char === '/') this.#slash();
    else if (char === '"' || char === "'") this.#string(char);
    else if (char === '`') this.#template();
    else if (char > '\u007f') this.#word();
    else if ('([{'.includes(char)) this.#open(char);
    else if (')]}'.includes(char)) this.#close(char);
    else this.#punctuation(char);
  }

  #skipLine(): void {
    while (this.#at < this.#text.length && !lineEnd.test(this.#text[this.#at]!)) this.#at++;
  }

  #top(): Frame {
    return this.#frames.at(-1)!;
  }

  #token(last: string, operand: boolean): void {
    // A semicolon ends the statement, unless the `if` around it goes on.
    if (this.#last === ';') this.#separate(last === 'else');
    const top = this.#top();
    top.tokens++;
    this.#total++;
    if (this.#total > maxChain) this.#fault = `an expression or chain of more than ${maxChain} tokens`;
    this.#last = last;
    this.#operand = operand;
    this.#newLine = false;
  }

  /** A separator: this level is back at its base, apart from the `else` branches that are still open. */
  #separate(keepElses: boolean): void {
    const top = this.#top();
    const kept = keepElses ? top.elses : 0;
    this.#total -= top.tokens - kept;
    top.tokens = kept;
    top.elses = kept;
  }

  #word(): void {
    wordEnd.lastIndex = this.#at;
    const end = wordEnd.exec(this.#text)?.index ?? this.#text.length;
    const word = this.#text.slice(this.#at, Math.max(end, this.#at + 1));
    const member = this.#last === '.' || this.#last === '?.';
    const afterBlock = this.#last === '}';
    if (!member && !infixWords.has(word) && (afterBlock || (this.#newLine && this.#operand))) this.#separate(false);
    if (word === 'else' && !member) {
      this.#top().elses++;
      this.#separate(true);
    }
    const forAwait = word === 'await' && this.#last === 'for' ? 'for' : word;
    this.#at += word.length;
    this.#token(member ? 'member' : forAwait, member || !prefixWords.has(word));
  }

  #open(char: string): void {
    const word = char === '(' && heads.has(this.#last) && this.#last !== 'await' ? this.#last : '';
    this.#token(char, false);
    this.#frames.push({ opener: char, word, tokens: 0, elses: 0 });
    if (this.#frames.length > maxBracketDepth) this.#fault = `brackets nested deeper than ${maxBracketDepth}`;
    this.#at++;
  }

  #close(char: string): void {
    const frame = this.#frames.length > 1 ? this.#frames.pop()! : this.#top();
    this.#total -= frame.tokens;
    frame.tokens = 0;
    this.#last = '';
    this.#at++;
    if (frame.opener === '${' && char === '}') return this.#template(false);
    if (pairs[char] !== frame.opener) this.#fault = 'brackets that do not match';
    this.#token(char, frame.word === '');
    if (char === '}') this.#operand = true;
  }

  #punctuation(char: string): void {
    if (this.#text.startsWith('<!--', this.#at)) this.#fault = 'an HTML-like comment';
    if (this.#text.startsWith('-->', this.#at) && this.#newLine) this.#fault = 'an HTML-like comment';
    const two = this.#text.slice(this.#at, this.#at + 2);
    const token = ['++', '--', '?.', '=>'].includes(two) ? two : char;
    this.#at += token.length;
    // `a! / b` is a division, `!/re/` is none.
    this.#token(token, token === '!' && this.#operand && this.#last !== '}');
    if (char === ',') this.#separate(true);
  }

  #string(quote: string): void {
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at];
      if (char === '\\') this.#at++;
      else if (char === quote) break;
      else if (char === '\n' || char === '\r') this.#fault = 'a string that does not end';
      if (this.#fault !== undefined) return;
    }
    this.#at++;
    this.#token('string', true);
  }

  #template(begin = true): void {
    if (begin) this.#token('`', false);
    for (this.#at += begin ? 1 : 0; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at];
      if (char === '\\') this.#at++;
      else if (char === '`') break;
      else if (char === '$' && this.#text[this.#at + 1] === '{') {
        this.#at++;
        return this.#open('${');
      }
    }
    this.#at++;
    this.#last = 'string';
    this.#operand = true;
  }

  #slash(): void {
    const next = this.#text[this.#at + 1];
    if (next === '/') return this.#skipLine();
    if (next === '*') return this.#comment();
    const ambiguous = this.#last === '}' || this.#last === '++' || this.#last === '--';
    if (this.#operand && !ambiguous) return this.#divide();
    const length = regexLength(this.#text, this.#at);
    if (length > longestRegex) this.#fault = 'a regular expression of more than 10000 characters';
    if (ambiguous && material.test(this.#text.slice(this.#at, this.#at + length))) {
      this.#fault = 'a slash that may begin a regular expression or divide';
    }
    if (ambiguous || length === 0) return this.#divide();
    this.#at += length;
    this.#token('regex', true);
  }

  #divide(): void {
    this.#at++;
    this.#token('/', false);
  }

  #comment(): void {
    const end = this.#text.indexOf('*/', this.#at + 2);
    const stop = end < 0 ? this.#text.length : end + 2;
    if (lineEnd.test(this.#text.slice(this.#at, stop))) this.#newLine = true;
    this.#at = stop;
  }
}

/** Length of the regular expression literal that would start here, 0 when the line ends before it does. */
function regexLength(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]!;
    if (at - start > longestRegex) return at - start;
    if (lineEnd.test(char)) return 0;
    if (char === '\\') at++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at + 1 - start;
  }
  return 0;
}
