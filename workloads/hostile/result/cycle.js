/*---
why = "Answers with an object that contains itself; a decoder without a cycle check recurses until the native stack is gone."
expect = ["invalid_result"]
---*/
const parent = { name: 'parent', children: [] };
parent.children.push({ name: 'child', parent });
return parent;
