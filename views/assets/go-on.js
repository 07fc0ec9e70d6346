// Presses the button of a page that goes on by itself (views/interactions/form.njk).
document.getElementById('go-on').click();
