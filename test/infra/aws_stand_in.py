"""A stand-in for AWS on loopback, and AWS's own client in front of it.

Reads one call a line as JSON ({"service", "operation", "params"}), answers one line ({"result"} or {"error"}). The client
checks every parameter against AWS's published model before it sends anything: names, types, required ones, bounds.
"""

import json
import os
import sys

import boto3
from moto.server import ThreadedMotoServer

os.environ.update(AWS_ACCESS_KEY_ID="nobody", AWS_SECRET_ACCESS_KEY="nothing", AWS_EC2_METADATA_DISABLED="true")

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
clients = {}


def client(service):
    if service not in clients:
        clients[service] = boto3.client(service, region_name="eu-central-1", endpoint_url=f"http://{host}:{port}")
    return clients[service]


print(json.dumps({"result": {"endpoint": f"http://{host}:{port}"}}), flush=True)
for line in sys.stdin:
    call = json.loads(line)
    try:
        result = getattr(client(call["service"]), call["operation"])(**call["params"])
        result.pop("ResponseMetadata", None)
        answer = {"result": result}
    except Exception as error:  # whatever it is, the test names it
        answer = {"error": str(error)}
    print(json.dumps(answer, default=str), flush=True)
server.stop()
