/** What a user sees and does in the window, in the words of a story. Every step waits for what it needs on the screen. */

import { mkdir } from "node:fs/promises";
import * as path from "node:path";

import { type BrowserContext, chromium, type Locator, type Page } from "playwright-core";

const QUIET_BROWSER = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

export const PATIENCE_MS = 30_000;

export const CHROMIUM = process.env["TESTLSP_E2E_CHROMIUM"] ?? "/usr/bin/chromium";

export function openBrowser(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: QUIET_BROWSER,
    // Who ends the run ends the editor as well, not the browser alone.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    viewport: { width: 1280, height: 800 },
  });
}

export class Workbench {
  readonly page: Page;
  private readonly artifacts: string;

  constructor(page: Page, artifacts: string) {
    this.page = page;
    this.artifacts = artifacts;
    page.setDefaultTimeout(PATIENCE_MS);
  }

  async open(address: string, tab: string): Promise<void> {
    await this.page.goto(address);
    await this.page.waitForSelector(".monaco-workbench");
    await this.tab(tab);
  }

  /** Wait until the file is the one in front. */
  async tab(name: string): Promise<void> {
    await this.page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
    await this.page.waitForSelector(".monaco-editor .view-line");
  }

  /** Wait until `count` squiggles of a kind are drawn; without `count`, at least one. */
  async squiggles(kind: "error" | "warning" | "info" | "hint" | "any", count?: number): Promise<void> {
    const selector = kind === "any" ? '.monaco-editor [class*="squiggly-"]' : `.monaco-editor .squiggly-${kind}`;
    await this.until(`${count ?? "some"} squiggles (${kind})`, async () => {
      const found = await this.page.locator(selector).count();
      return count === undefined ? found > 0 : found === count;
    });
  }

  /** The rows of the Problems view, which is opened if need be; waits until they satisfy `wanted`. */
  async problems(what: string, wanted: (rows: readonly string[]) => boolean): Promise<readonly string[]> {
    if (!(await this.page.locator(".markers-panel").isVisible())) {
      await this.page.keyboard.press("Control+Shift+M");
      await this.page.waitForSelector(".markers-panel");
    }
    let rows: readonly string[] = [];
    await this.until(`problems: ${what}`, async () => {
      rows = await this.page.locator(".markers-panel .monaco-list-row").allInnerTexts();
      const empty = this.page.locator(".markers-panel").getByText("No problems have been detected");
      return (rows.length > 0 || (await empty.isVisible())) && wanted(rows);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; the rows are ${JSON.stringify(rows)}`);
    });
    return rows;
  }

  /** Control+. before the light bulb is drawn opens nothing. */
  async lightBulb(): Promise<void> {
    const bulbs = ["lightbulb", "light-bulb"].map(
      (name) => `.monaco-editor [class*="codicon-"][class*="${name}"]:visible`,
    );
    await this.page.waitForSelector(bulbs.join(", "));
  }

  /** The titles that Control+. offers. The menu stays open. */
  async offers(): Promise<string[]> {
    const focused = this.page.locator(".action-widget .monaco-list-row.focused:visible");
    await this.until("the quick fixes are shown", async () => {
      await this.page.keyboard.press("Control+.");
      // A key that comes while findings are renewed closes what it opened.
      return focused.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      );
    });
    return this.page.locator(".action-widget .monaco-list-row.action").allInnerTexts();
  }

  /** Open the quick fixes and take the one with this title. */
  async takeOffer(title: RegExp): Promise<void> {
    await this.choose(title, await this.offers());
  }

  /** Take one of the quick fixes that are shown, by keyboard, as a click is caught by the menu itself. */
  async choose(title: RegExp, offers: readonly string[]): Promise<void> {
    if (!offers.some((offer) => title.test(offer))) {
      throw new Error(`no quick fix ${String(title)} among ${JSON.stringify(offers)}`);
    }
    const focused = this.page.locator(".action-widget .monaco-list-row.focused:visible");
    for (let step = 0; step < offers.length; step += 1) {
      if (title.test(await focused.innerText())) {
        await this.page.keyboard.press("Enter");
        await this.menuGone();
        return;
      }
      await this.page.keyboard.press("ArrowDown");
    }
    throw new Error(`the focus never came to ${String(title)} among ${JSON.stringify(offers)}`);
  }

  /** Wait for the edit. What needs a person's consent is shown before it is done: then tick all of it and apply. */
  async edited(): Promise<void> {
    const preview = this.page.locator(".bulk-edit-panel");
    const asked = preview.locator(`.monaco-list-row .edit-checkbox[aria-checked="false"]`);
    await this.page.locator(".tab.active.dirty").or(asked.first()).first().waitFor();
    if (await asked.first().isVisible()) {
      // One click may tick several boxes, a little later; one that comes while the list is drawn anew ticks none.
      await this.until("everything is ticked", async () => {
        const left = await asked.count();
        if (left > 0) {
          await asked.first().click();
          await this.until("a box is ticked", async () => (await asked.count()) < left, 2_000).catch(() => undefined);
        }
        return left === 0;
      });
      await preview.locator(".monaco-button").filter({ hasText: "Apply" }).click();
      await this.page.locator(".tab.active.dirty").waitFor();
    }
  }

  /** Closed menus stay in the page, unseen. */
  private async menuGone(): Promise<void> {
    await this.until("the menu is closed", async () => !(await this.page.locator(".action-widget:visible").count()));
  }

  async save(): Promise<void> {
    await this.page.keyboard.press("Control+S");
    await this.page.waitForSelector(".tab.active:not(.dirty)");
  }

  /** Save all files, and again those that were changed in the meantime. */
  async saveAll(): Promise<void> {
    const dirty = this.page.locator(".tab.dirty");
    await this.until("everything is saved", async () => {
      await this.command("File: Save All");
      return dirty
        .first()
        .waitFor({ state: "detached", timeout: 3_000 })
        .then(
          () => true,
          () => false,
        );
    });
  }

  /** Open another file of the folder by Control+P. */
  async openFile(name: string): Promise<void> {
    const base = path.basename(name);
    const focused = this.page.locator(".quick-input-list .monaco-list-row.focused").filter({ hasText: base }).first();
    const arrived = this.page.locator(`.tab.active[data-resource-name="${base}"]`);
    // The list is sorted anew when slower answers come, so that Enter may take another row than the one that was seen.
    await this.until(`${name} is open`, async () => {
      await this.page.keyboard.press("Control+P");
      await this.page.waitForSelector(".quick-input-widget input");
      await this.page.keyboard.insertText(name);
      await focused.waitFor({ timeout: 5_000 }).catch(() => undefined);
      await this.page.keyboard.press("Enter");
      return arrived.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      );
    });
    await this.page.waitForSelector(".monaco-editor.focused");
  }

  /** Put the cursor into the squiggle under `code`, the first such text in `text`, and wait for the light bulb. */
  async goToSquiggle(text: string, code: string): Promise<void> {
    const before = text.slice(0, text.indexOf(code)).split("\n");
    await this.goToLine(before.length, (before.at(-1)?.length ?? 0) + 2);
    await this.lightBulb();
  }

  async goToLine(line: number, column = 1): Promise<void> {
    await this.focusEditor();
    await this.page.keyboard.press("Control+G");
    await this.page.waitForSelector(".quick-input-widget input");
    await this.page.keyboard.type(`${line}:${column}`);
    await this.page.keyboard.press("Enter");
    const place = `Ln ${line}, Col ${column}`;
    await this.page.locator(".statusbar-item").filter({ hasText: place }).waitFor();
    await this.page.waitForSelector(".monaco-editor.focused");
  }

  /** Write `text` instead of what stands on the line. */
  async replaceLine(line: number, text: string): Promise<void> {
    await this.goToLine(line);
    await this.page.keyboard.press("Home");
    await this.page.keyboard.press("Home");
    await this.page.keyboard.press("Shift+End");
    await this.page.keyboard.insertText(text);
  }

  async focusEditor(): Promise<void> {
    await this.page.keyboard.press("Control+1");
    await this.page.waitForSelector(".monaco-editor.focused");
  }

  /** Run a command by its full title in the palette. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.page.waitForSelector(".quick-input-widget input");
    await this.pick(title, `>${title}`);
  }

  /** Take an entry of the list that is open. */
  async pick(entry: string, text = entry): Promise<void> {
    const rows = this.page.locator(".quick-input-widget:visible .quick-input-list .monaco-list-row");
    await rows.first().waitFor();
    await this.page.locator(".quick-input-widget:visible input").fill(text);
    // The list is sorted anew when slower answers come: Enter is for the row that has the focus, and only if it is the one.
    const focused = rows.and(this.page.locator(".focused")).filter({ hasText: entry });
    await focused.first().waitFor();
    await this.page.keyboard.press("Enter");
  }

  /** Open the menu of the status bar. */
  async menu(): Promise<void> {
    await this.statusItem().first().click();
    await this.page
      .locator(".quick-input-widget:visible .monaco-list-row")
      .filter({ hasText: "Restart the server" })
      .waitFor();
  }

  /** Put the cursor there and show the hover, until it says `text`. */
  async hover(line: number, column: number, text: RegExp): Promise<void> {
    await this.goToLine(line, column);
    const hover = this.page.locator(".monaco-hover:visible").filter({ hasText: text });
    await this.until(`the hover says ${String(text)}`, async () => {
      await this.page.keyboard.press("Control+K");
      await this.page.keyboard.press("Control+I");
      return hover
        .first()
        .waitFor({ timeout: 3_000 })
        .then(
          () => true,
          () => false,
        );
    });
    await this.page.keyboard.press("Escape");
  }

  /** Wait until the status bar's entry matches. */
  async status(text: RegExp): Promise<void> {
    const item = this.statusItem();
    let seen = "";
    await this.until(`status ${String(text)}`, async () => {
      seen =
        (await item.count()) > 0
          ? `${await item.first().innerText()} ${(await item.first().getAttribute("aria-label")) ?? ""}`
          : "";
      return text.test(seen);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; the status is "${seen}"`);
    });
  }

  private statusItem(): Locator {
    return this.page.locator(".statusbar-item").filter({ hasText: "testlsp" });
  }

  /** The notice on the screen that says `text`. */
  notice(text: RegExp): Locator {
    return this.page.locator(".notification-toast").filter({ hasText: text });
  }

  /** The texts of the notices that are on the screen now. */
  notices(): Promise<string[]> {
    return this.page.locator(".notification-toast .notification-list-item-message").allInnerTexts();
  }

  /** The text of the editor in front as it is drawn, without what is scrolled away. */
  async visibleText(): Promise<string> {
    const lines = await this.page
      .locator(".editor-group-container.active .monaco-editor .view-line")
      .evaluateAll((elements) =>
        elements
          .map((element) => ({ top: element.getBoundingClientRect().top, text: element.textContent }))
          .sort((one, other) => one.top - other.top)
          .map((line) => line.text.replaceAll("\u00a0", " ")),
      );
    return lines.join("\n");
  }

  async screenshot(name: string): Promise<void> {
    await mkdir(this.artifacts, { recursive: true });
    await this.page.screenshot({ path: path.join(this.artifacts, `${name}.png`) });
  }

  /** Wait until `condition` holds. */
  async until(what: string, condition: () => Promise<boolean>, ms = PATIENCE_MS): Promise<void> {
    const deadline = Date.now() + ms;
    while (!(await condition())) {
      if (Date.now() > deadline) {
        throw new Error(`not within ${ms / 1000} s: ${what}`);
      }
      await this.page.waitForTimeout(50);
    }
  }
}
