"""What to draw (`scene`), made complete (`resolve`), put into VTK (`stage`), shown or saved (`viewer`)."""
