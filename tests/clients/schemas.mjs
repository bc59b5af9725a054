// Documents that were made under schemas, by an independent validator: reads lines of {"schema", "documents"} from the file named.
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

let schemas = 0, documents = 0, failed = 0;
for (const line of readFileSync(process.argv[2], "utf8").split("\n")) {
	if (!line) continue;
	const { schema, documents: made } = JSON.parse(line);
	// One validator a schema: the suite uses some names more than once, and names of metaschemas that are nowhere.
	const ajv = new Ajv({ strict: false, logger: false, ownProperties: true, validateSchema: false });
	delete schema.$schema;
	addFormats(ajv);
	const validate = ajv.compile(schema);
	schemas++;
	for (const text of made) {
		documents++;
		if (validate(JSON.parse(text))) continue;
		failed++;
		console.log(`# ${JSON.stringify(schema)}: ${text}: ${ajv.errorsText(validate.errors)}`);
	}
}
console.log(`# ${schemas} schemas, ${documents} documents, ${failed} of them not valid`);
process.exit(failed || !schemas ? 1 : 0);
