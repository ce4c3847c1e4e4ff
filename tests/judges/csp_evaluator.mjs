/**
 * Let Google's csp_evaluator judge policies, and print what it finds.
 *
 * Usage: node csp_evaluator.mjs < LIST, a JSON list of Content-Security-Policy values.
 * Prints a JSON list with a list of findings for each; severities by name, the worst is "HIGH".
 */
import { readFileSync } from "node:fs";
import { CspEvaluator } from "csp_evaluator/dist/evaluator.js";
import { Severity } from "csp_evaluator/dist/finding.js";
import { CspParser } from "csp_evaluator/dist/parser.js";

const policies = JSON.parse(readFileSync(0, "utf8"));
const findings = policies.map((policy) =>
  new CspEvaluator(new CspParser(policy).csp).evaluate().map(({ severity, directive, value, description }) => ({
    severity: Severity[severity],
    directive,
    value,
    description,
  })),
);
console.log(JSON.stringify(findings));
