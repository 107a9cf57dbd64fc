"""W&B's server as far as ``inpaintlab dashboard`` sees it: views of a project, by GraphQL."""

import json

import wandb
import wandb_workspaces.reports.v2.interface as reports
import wandb_workspaces.workspaces.interface as workspaces
import wandb_workspaces.workspaces.internal as views
from wandb.apis.public.reports import BetaReport


class Server:
    """Keeps views {id: variables of the call that wrote it}; a view without an id is a new one."""

    app_url = "https://wandb.ai/"

    def __init__(self):
        self.views, self.calls, self.projects = {}, [], []

    def execute(self, api, query, variables):
        self.calls.append(variables)
        if "upsertView" in query:
            return self.upsert(variables)
        found = [
            {"id": identity, "displayName": view["displayName"], "spec": view["spec"]}
            for identity, view in self.views.items()
            if view["type"] == variables["viewType"] and view["name"] == variables["viewName"]
        ]
        return {"project": {"allViews": {"edges": [{"node": node} for node in found]}}}

    def upsert(self, variables):
        identity = variables.get("id") or f"Vmlldzo{len(self.views)}"
        inserted = identity not in self.views
        self.views[identity] = variables
        view = {"id": identity, **{key: variables[key] for key in ("name", "displayName", "description", "spec")}}
        project = {"id": "p", "name": variables["projectName"], "entityName": variables["entityName"]}
        return {"upsertView": {"view": {**view, "project": project}, "inserted": inserted}}


class Api:
    """What the library asks of ``wandb.Api()``."""

    def __init__(self, server):
        self.server = server

    def projects(self, entity):
        return self.server.projects

    def create_project(self, name, entity):
        self.server.projects.append(type("Project", (), {"name": name}))

    def reports(self, path):
        if not self.server.projects:
            raise ValueError(f"Project {path} does not exist")
        found = [(key, view) for key, view in self.server.views.items() if view["type"] == "runs"]
        return [BetaReport(None, {**view, "id": key, "spec": json.loads(view["spec"])}) for key, view in found]


def stand_in(monkeypatch):
    """Let the library talk to a server of ours."""
    server = Server()
    monkeypatch.setattr(wandb, "Api", lambda *_, **__: Api(server))
    monkeypatch.setattr(reports, "_get_api", lambda: Api(server))
    for module in (reports, views):
        monkeypatch.setattr(module, "execute_graphql", server.execute)
    for module in (reports, workspaces):
        monkeypatch.setattr(module, "get_app_url", lambda api: server.app_url)
    monkeypatch.setattr("wandb_workspaces._graphql.get_app_url", lambda api: server.app_url)
    return server
