return renderInvoice(input);
