import { check, type Story } from "../story.ts";

const story: Story = {
  title: "of the status codes that TL301 lists, the chosen one is written",
  stub: true,
  async play({ workbench, open, read }) {
    await open("tests/test_api.py");
    await workbench.squiggles("any");
    await workbench.problems("TL301", (rows) => rows.some((row) => row.includes("TL301")));
    await workbench.goToSquiggle(await read("tests/test_api.py"), "response.status_code in");
    const offers = await workbench.offers();
    await workbench.screenshot("offers");
    for (const code of ["200", "201", "422"]) {
      check(
        offers.some((offer) => offer.includes(code)),
        `${code} is not offered in ${JSON.stringify(offers)}`,
      );
    }
    await workbench.choose(/\b201\b/, offers);
    await workbench.edited();
    await workbench.problems("TL301 is gone", (rows) => !rows.some((row) => row.includes("TL301")));
    await workbench.save();
    const text = await read("tests/test_api.py");
    check(text.includes("assert response.status_code == 201\n"), `not in the saved file:\n${text}`);
  },
};

export default story;
