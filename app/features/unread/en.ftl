text-only = I can only read text. Please write to me what it is about.
