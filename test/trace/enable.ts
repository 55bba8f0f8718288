import { enableTraces } from "rapid-fiber/trace"

/** Imported first: what comes after it runs with traces on, also what is built while files load. */
enableTraces()
