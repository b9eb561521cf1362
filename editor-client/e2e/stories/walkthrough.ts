import { check, type Story } from "../story.ts";

const story: Story = {
  title: "the walkthrough opens, and its example has a finding",
  async play({ workbench, open }) {
    const { page } = workbench;
    await open("pyproject.toml");
    await workbench.command("Welcome: Open Walkthrough...");
    await workbench.pick("Get Started with testlsp");
    const guide = page.locator(".gettingStartedContainer");
    await guide.locator(".step-title").filter({ hasText: "See a finding" }).first().waitFor();
    const steps = (await guide.locator(".step-title").allInnerTexts()).join("\n");
    for (const step of ["Apply the rewrite", "Read why", "Fix on save", "Say that it is meant that way"]) {
      check(steps.includes(step), `the step "${step}" is missing:\n${steps}`);
    }
    await workbench.screenshot("steps");
    await guide.locator(".monaco-button").filter({ hasText: "Open the Example" }).first().click();
    await workbench.tab("test_example.py");
    await workbench.squiggles("any");
    await workbench.screenshot("example");
  },
};

export default story;
