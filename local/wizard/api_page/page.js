// Starts Swagger UI on the OpenAPI document of the local stack and fills in the bearer token of a demo person.

const SECURITY_SCHEME = "bearer"; // its name in the OpenAPI document

const select = document.getElementById("person");
const status = document.getElementById("status");

const response = await fetch("/wizard/config.json");
if (response.ok) {
  start(await response.json());
} else {
  status.textContent = "The local stack is not deployed yet. Reload this page when make run prints its addresses.";
}

function start({ people, advertisers }) {
  const names = new Map(advertisers.map((one) => [one.advertiser_id, one.name]));
  select.append(...people.map((person, index) => new Option(`${person.title} (${person.note})`, index)));
  const ui = window.SwaggerUIBundle({
    url: "/api/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    onComplete: authorize,
  });
  select.addEventListener("change", authorize);

  function authorize() {
    const person = people[select.value];
    ui.preauthorizeApiKey(SECURITY_SCHEME, person.authorization.replace("Bearer ", ""));
    const reachable = [...person.own, ...person.teammates].map((id) => `${id} (${names.get(id) ?? "unnamed"})`);
    status.textContent = `Advertisers of this person: ${reachable.join(", ") || "none"}`;
  }
}
