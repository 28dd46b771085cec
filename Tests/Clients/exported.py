"""Reads exported captures by the public descriptions of their formats alone, and fails at whatever does not fit them."""
import base64
import csv
import datetime
import io
import json
import re
import uuid

from harness import require

# What rolled files lie in: the folders of a time, by how many digits of it they have.
DEPTHS = {"year": 1, "month": 2, "day": 3, "hour": 4, "minute": 5}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def lines(folder):
    """Every line of every file, with its path below the folder; no file ends within a line."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or path.name.startswith(".gatehouse-export"):
            continue
        require(path.suffix == ".jsonl", f"{name} is no JSONL file")
        content = path.read_bytes()
        require(content.endswith(b"\n"), f"{name} ends within a line")
        for line in content.split(b"\n")[:-1]:
            yield name, json.loads(line)


def members(record, **types):
    for name, kind in types.items():
        require(isinstance(record.get(name), kind), f"{name} is {record.get(name)!r}, not {kind}")


def moment(text):
    require(TIME.fullmatch(text), f"{text} is no time")
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def rolled(time, parts):
    """Whether a file lies in the folders of a time."""
    due = [f"{value:0{width}}" for value, width in [(time.year, 4), (time.month, 2), (time.day, 2), (time.hour, 2),
                                                    (time.minute, 2)]]
    return parts == due[:len(parts)]


def sagemaker(folder):
    """Records of SageMaker's data capture with `variant`, `input` and `output`, decoded."""
    found = []
    for name, record in lines(folder):
        endpoint, variant, *parts, _ = name.split("/")
        require(len(parts) == 4, f"{name} is not in the folder of an hour")
        require(set(record) == {"captureData", "eventMetadata", "eventVersion"}, f"{set(record)}")
        require(record["eventVersion"] == "0", "eventVersion")
        metadata = record["eventMetadata"]
        members(metadata, eventId=str, inferenceTime=str)
        require(all(isinstance(text, str) for text in metadata.get("customAttributes", [])), "customAttributes")
        time = moment(metadata["inferenceTime"])
        require(rolled(time, parts), f"{name} has {time}")
        halves = {}
        for member, mode in [("endpointInput", "INPUT"), ("endpointOutput", "OUTPUT")]:
            if half := record["captureData"].get(member):
                members(half, observedContentType=str, mode=str, data=str, encoding=str)
                require(half["mode"] == mode and set(half) == {"observedContentType", "mode", "data", "encoding"}, f"{half}")
                halves[member] = decoded(half)
        found.append({"id": str(uuid.UUID(metadata["eventId"])), "request": metadata.get("inferenceId"), "time": time,
                      "endpoint": endpoint, "variant": variant, "attributes": metadata.get("customAttributes", []),
                      "encodings": [half["encoding"] for half in record["captureData"].values()],
                      "input": halves.get("endpointInput"), "output": halves.get("endpointOutput")})
    require(len({record["id"] for record in found}) == len(found), "an eventId stands twice")
    return found


def decoded(half):
    if half["encoding"] == "JSON":
        return json.loads(half["data"])
    if half["encoding"] == "CSV":
        return list(csv.reader(io.StringIO(half["data"])))
    require(half["encoding"] == "BASE64", half["encoding"])
    return base64.b64decode(half["data"], validate=True)


def azure(folder, rolling="hour"):
    """Records of Azure's data collector with `endpoint`, `deployment` and `collection`."""
    found = []
    for name, record in lines(folder):
        top, endpoint, deployment, collection, *parts, _ = name.split("/")
        require(top == "modelDataCollector" and len(parts) == DEPTHS[rolling], f"{name} is in no folder of a {rolling}")
        members(record, specversion=str, id=str, source=str, type=str, datacontenttype=str, time=str, correlationid=str,
                xrequestid=str, contentrange=str, modelversion=str, collectdatatype=str, agent=str)
        require("data" in record and record["specversion"] == "1.0", f"{record}")
        require(record["type"] == f"azureml.inference.{collection}", f"{record['type']} in {collection}")
        require(re.fullmatch(rf"/subscriptions/[^/]*/resourceGroups/[^/]*/providers/Microsoft\.MachineLearningServices"
                             rf"/workspaces/\w+/onlineEndpoints/{endpoint}/deployments/{deployment}", record["source"]),
                record["source"])
        require(re.fullmatch(r"bytes (\d+-\d+/(\d+|\*)|\*/\d+)", record["contentrange"]), record["contentrange"])
        if collection == "request":
            members(record, path=str, method=str)
        uuid.UUID(record["id"]), uuid.UUID(record["correlationid"])
        # Both halves lie where their request was begun.
        if collection in ("request", "model_inputs"):
            require(rolled(moment(record["time"]), parts), f"{name} has {record['time']}")
        moment(record["time"])
        found.append({**record, "endpoint": endpoint, "deployment": deployment, "collection": collection})
    require(len({record["id"] for record in found}) == len(found), "an id stands twice")
    return found


def pairs(records, first, second):
    """The two halves of each exchange of two collections, in the order of the first."""
    others = {record["correlationid"]: record for record in records if record["collection"] == second}
    halves = [record for record in records if record["collection"] == first]
    require(set(others) == {record["correlationid"] for record in halves}, "a half has no other")
    return [(record, others[record["correlationid"]]) for record in halves]


def kserve(folder):
    """CloudEvents of KServe's logger by their identifier: request and response, the data of each decoded."""
    found = {}
    for _, event in lines(folder):
        members(event, specversion=str, id=str, source=str, type=str, time=str, datacontenttype=str,
                inferenceservicename=str, namespace=str, component=str, endpoint=str)
        moment(event["time"])
        # CloudEvents 1.0: names of attributes are lower-case letters and digits, data stands once.
        require(all(re.fullmatch("[a-z0-9]+", name) for name in event if name != "data_base64"), f"{list(event)}")
        require(not ("data" in event and "data_base64" in event), "data stands twice")
        half = event["type"].removeprefix("org.kubeflow.serving.inference.")
        require(half in ("request", "response"), event["type"])
        require(half not in found.setdefault(event["id"], {}), "an event stands twice")
        data = base64.b64decode(event["data_base64"], validate=True) if "data_base64" in event else event.get("data")
        found[event["id"]][half] = {**event, "data": data}
    return found
