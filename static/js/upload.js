// Shows how far the upload of a form is. Without this the browser sends the form by itself.

function send(form) {
  const bar = form.querySelector("progress");
  const words = form.querySelector(".sending span");
  const button = form.querySelector("button.button");
  const request = new XMLHttpRequest();
  const say = (text) => {
    words.textContent = text;
  };
  const stop = (text) => {
    say(text);
    button.disabled = false;
  };
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    bar.value = event.loaded / event.total;
    const done = Math.floor((100 * event.loaded) / event.total);
    say(done < 100 ? `${done} %` : "checking what was sent");
  });
  request.addEventListener("load", () => {
    if (request.status < 400) {
      location.assign(request.responseURL);
      return;
    }
    // The server answers with the same page and what is wrong with it.
    document.open();
    document.write(request.responseText);
    document.close();
  });
  request.addEventListener("error", () => stop("The connection was lost. Try again."));
  form.querySelector(".sending").hidden = false;
  button.disabled = true;
  request.send(new FormData(form));
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
