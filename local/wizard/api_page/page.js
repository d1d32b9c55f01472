// Starts Swagger UI on the OpenAPI document of the local stack and fills in the bearer token of a demo user.

const SECURITY_SCHEME = "bearer"; // its name in the OpenAPI document

const select = document.getElementById("user");
const status = document.getElementById("status");

const response = await fetch("/wizard/config.json");
if (response.ok) {
  start(await response.json());
} else {
  status.textContent = "The local stack is not deployed yet. Reload this page when make run prints its addresses.";
}

function start({ users, advertisers }) {
  const names = new Map(advertisers.map((advertiser) => [advertiser.advertiser_id, advertiser.name]));
  select.append(...users.map((user, index) => new Option(`${user.title} (${user.note})`, index)));
  const ui = window.SwaggerUIBundle({
    url: "/api/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    onComplete: authorize,
  });
  select.addEventListener("change", authorize);

  function authorize() {
    const user = users[select.value];
    ui.preauthorizeApiKey(SECURITY_SCHEME, user.authorization.replace("Bearer ", ""));
    const reachable = [...user.own_advertiser_ids, ...user.teammate_advertiser_ids].map((id) => `${id} (${names.get(id) ?? "unnamed"})`);
    status.textContent = `Advertisers of this user: ${reachable.join(", ") || "none"}`;
  }
}
