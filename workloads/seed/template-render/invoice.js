var renderInvoice = compileTemplate(`<h1>Invoice {{ number }}</h1>
<p>Dear {{customer.name}}{{#customer.company}} of {{customer.company}}{{/customer.company}},</p>
{{{ introduction }}}
<table>
{{#lines}}<tr class="{{kind}}"><td>{{title}}{{#note}} <i>{{note}}</i>{{/note}}</td><td>{{quantity}} × {{price}} {{currency}}</td>\
<td>{{^tags}}-{{/tags}}{{#tags}}<b>{{.}}</b>{{/tags}}</td></tr>
{{/lines}}{{^lines}}<tr><td>Nothing ordered.</td></tr>
{{/lines}}</table>
{{#overdue}}<p class="warning">Payment is {{overdue.days}} days late.</p>{{/overdue}}{{^overdue}}<p>Thank you!</p>{{/overdue}}
<footer>{{footer.text}} {{footer.missing.deep}}</footer>
`);
