export default {
  input: "../../openapi/registrywatcher.json",
  // Node.js finds modules by their whole names only.
  output: { path: "src", importFileExtension: ".js" },
  logs: { level: "silent", file: false },
};
