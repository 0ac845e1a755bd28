/*---
why = "Leaves a match in the static properties of RegExp, where engines with Annex B show one job's text to the next."
expect = ["ok"]
---*/
/(\d{4})-(\d{4})/.test('card 4111-1111');
return [typeof RegExp.$1, typeof RegExp.lastMatch];
