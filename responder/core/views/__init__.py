"""What a person looks at before saying yes: the week as a picture, the replies as a page to sign."""
