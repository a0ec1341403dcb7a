"""A client of Skep that shares no code with it: `client.py SOCKET`, as a caller of tenant acme.

All it knows of Skep is proto/skep/v1/skep.proto, from which it makes its stubs at the start. It deploys
examples/hello, calls it, and reads what the daemon says on failure. The last line it prints is
`N passed, N failed`.
"""

import importlib
import json
import pathlib
import sys
import tempfile

import grpc
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_status import rpc_status
from grpc_tools import protoc

PROJECT = pathlib.Path(__file__).resolve().parents[3]
SERVICES = ["Invocations", "Apps", "Quotas", "Host"]

counts = {"passed": 0, "failed": 0}


def check(what, holds, found=""):
    """Counts and prints one check, and what was found where it does not hold."""
    counts["passed" if holds else "failed"] += 1
    print(f"PASS  {what}" if holds else f"FAIL  {what}: {found}")


def stubs(folder):
    """The modules that protoc makes of the API: messages and services."""
    proto = PROJECT / "proto"
    code = protoc.main([
        "protoc",
        f"-I{proto}",
        f"--python_out={folder}",
        f"--grpc_python_out={folder}",
        str(proto / "skep/v1/skep.proto"),
    ])
    if code != 0:
        sys.exit(f"protoc ended with {code}")
    sys.path.insert(0, folder)
    names = ["skep.v1.skep_pb2", "skep.v1.skep_pb2_grpc"]
    return [importlib.import_module(name) for name in names]


def source(app):
    """The files of a sample app, by their path inside it."""
    folder = PROJECT / "examples" / app
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.js")}


def refusal(call):
    """The gRPC status of a call that must fail, and the ErrorInfo in `grpc-status-details-bin`."""
    try:
        call()
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        info = error_details_pb2.ErrorInfo()
        for detail in status.details if status else []:
            if detail.Is(info.DESCRIPTOR):
                detail.Unpack(info)
        return error.code(), info
    return grpc.StatusCode.OK, error_details_pb2.ErrorInfo()


def reflected(channel):
    """The names of all services, by grpc.reflection.v1: its messages are those of v1alpha."""
    request, response = reflection_pb2.ServerReflectionRequest, reflection_pb2.ServerReflectionResponse
    ask = channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=request.SerializeToString,
        response_deserializer=response.FromString,
    )
    answers = ask(iter([request(list_services="")]), timeout=20)
    return [
        service.name for answer in answers for service in answer.list_services_response.service
    ]


def try_everything(channel, api, services):
    """Every service once, with the answers that a caller relies on."""
    apps = services.AppsStub(channel)
    invocations = services.InvocationsStub(channel)

    def invoke(timeout=20, **fields):
        return invocations.Invoke(api.InvokeRequest(tenant="acme", **fields), timeout=timeout)

    health = health_pb2_grpc.HealthStub(channel)
    answer = health.Check(health_pb2.HealthCheckRequest(), timeout=20)
    serving = health_pb2.HealthCheckResponse.SERVING
    check("the server's health is SERVING", answer.status == serving, answer)

    listed = reflected(channel)
    for name in SERVICES:
        check(f"reflection lists skep.v1.{name}", f"skep.v1.{name}" in listed, listed)

    files = [api.SourceFile(path=path, content=text) for path, text in source("hello").items()]
    deployed = apps.Deploy(
        api.DeployRequest(
            tenant="acme",
            app="hello",
            files=files,
            limits=api.AppLimits(memory_bytes=32 << 20),
        ),
        timeout=20,
    )
    check("deploy names the functions", list(deployed.functions) == ["default", "sum"], deployed)
    check("deploy names the version", deployed.version != "", deployed)

    payload = json.dumps({"name": "Python"}).encode()
    answer = invoke(app="hello", payload=payload, encoding=api.ENCODING_JSON)
    check("the outcome is a reply", answer.WhichOneof("outcome") == "reply", answer)
    check("it is JSON", answer.reply.encoding == api.ENCODING_JSON, answer)
    said = json.loads(answer.reply.payload or "null")
    check("it says what the function returned", said == {"greeting": "hello, Python"}, said)
    check("the invocation has an id", answer.invocation != "", answer)
    usage = answer.usage
    check("usage: CPU and run time", 0 < usage.cpu_us and 0 < usage.run_us, usage)
    check("usage: memory, below the limit", 0 < usage.memory_peak_bytes <= 32 << 20, usage)
    sizes = (usage.bytes_in, usage.bytes_out)
    check("usage: bytes", sizes == (len(payload), len(answer.reply.payload)), usage)
    check("usage: how it started", usage.start != api.START_UNSPECIFIED, usage)
    check("usage: one console line", usage.log_lines == 1, usage)

    answer = invoke(app="hello")
    said = json.loads(answer.reply.payload or "null")
    check("no payload at all is answered", said == {"greeting": "hello, world"}, answer)
    check("usage: nothing came in", answer.usage.bytes_in == 0, answer.usage)

    answer = invoke(app="hello", function="sum", payload=b"7")
    check("what the function throws is an outcome", answer.thrown.name == "TypeError", answer)

    code, info = refusal(lambda: invoke(app="hello", payload=b"{"))
    check("a payload that is no JSON is refused", code == grpc.StatusCode.INVALID_ARGUMENT, code)
    check("its ErrorInfo names a field", info.reason == "BAD_FIELD", info)

    code, info = refusal(lambda: invoke(app="nobody-has-this"))
    check("an unknown app is NOT_FOUND", code == grpc.StatusCode.NOT_FOUND, code)
    check("its ErrorInfo says so", (info.reason, info.domain) == ("NOT_FOUND", "skep.v1"), info)
    code, info = refusal(lambda: invoke(app="hello", function="absent"))
    check("an unknown function is NOT_FOUND", code == grpc.StatusCode.NOT_FOUND, code)

    listed = apps.List(api.ListAppsRequest(tenant="acme"), timeout=20).apps
    check("the app is listed", [app.name for app in listed] == ["hello"], listed)
    instances = services.HostStub(channel).Instances(
        api.InstancesRequest(tenant="acme"), timeout=20
    )
    apps_of_instances = [instance.app for instance in instances.instances]
    check("its instance is listed", "hello" in apps_of_instances, apps_of_instances)
    apps.Remove(api.RemoveRequest(tenant="acme", app="hello"), timeout=20)
    code, info = refusal(lambda: invoke(app="hello"))
    check("once removed it is NOT_FOUND", code == grpc.StatusCode.NOT_FOUND, code)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: client.py SOCKET")
    with tempfile.TemporaryDirectory() as folder:
        api, services = stubs(folder)
        # Else gRPC sends the escaped path of the socket as :authority, which the HTTP/2 of tonic refuses
        # (github.com/hyperium/h2/pull/487).
        options = [("grpc.default_authority", "localhost")]
        with grpc.insecure_channel(f"unix://{sys.argv[1]}", options) as channel:
            try:
                try_everything(channel, api, services)
            except grpc.RpcError as error:
                check("no call fails that should not", False, f"{error.code()}: {error.details()}")
    print("{passed} passed, {failed} failed".format(**counts))
    sys.exit(counts["failed"] != 0)


if __name__ == "__main__":
    main()
