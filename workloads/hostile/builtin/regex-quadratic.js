/*---
why = "A harmless looking pattern tried from every start of a long text: each start is cheap, all of them together take minutes."
expect = ["timeout"]
---*/
return 'q'.repeat(400000).replace(/q*z/g, '');
