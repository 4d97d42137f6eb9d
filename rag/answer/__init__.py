"""From passages to answers: exact quotes, or a language model's statements checked against them."""
