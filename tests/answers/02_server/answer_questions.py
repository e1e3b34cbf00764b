"""Answers to exercise 2.2, “Answer questions, survive everything else”."""

# %% right
import json


def answer(message):
    try:
        match json.loads(message):
            case {"id": id, "question": str(question)}:
                return {"answer": question.upper(), "id": id}
    except json.JSONDecodeError as error:
        print(f"Invalid JSON message: {error}")
    return {"error": "not a question"}


async def answer_questions(ws):
    async for message in ws:
        await ws.send(json.dumps(answer(message), separators=(",", ":"), ensure_ascii=False))


# %% right
import json

from websockets.exceptions import ConnectionClosed


async def answer_questions(ws):
    try:
        while True:
            message = await ws.recv()
            reply = {"error": "not a question"}
            try:
                data = json.loads(message)
            except ValueError:
                pass
            else:
                if isinstance(data, dict) and "id" in data:  # noqa: SIM102
                    if isinstance(data.get("question"), str):
                        reply = dict(id=data["id"], answer=data["question"].upper())
            await ws.send(json.dumps(reply, indent=2))
    except ConnectionClosed:
        pass


# %% wrong
# finding: after what is not JSON: what is not a question should be answered with an error: the
#     connection was closed
import json


async def answer_questions(ws):
    async for message in ws:
        data = json.loads(message)
        await ws.send(json.dumps({"id": data["id"], "answer": data["question"].upper()}))


# %% wrong
# finding: after JSON that is no object: what is not a question
import json


async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
        except json.JSONDecodeError:
            await ws.send(json.dumps({"error": "not a question"}))
            continue
        await ws.send(json.dumps({"id": data["id"], "answer": data["question"].upper()}))


# %% wrong
# finding: after what is not JSON: each question should be answered: the connection was closed
import json


async def answer_questions(ws):
    try:
        async for message in ws:
            data = json.loads(message)
            await ws.send(json.dumps({"id": data["id"], "answer": data["question"].upper()}))
    except (ValueError, KeyError, TypeError, AttributeError):
        await ws.send(json.dumps({"error": "not a question"}))


# %% wrong
# finding: should have the keys `id` and `answer`
import json


async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            if not isinstance(data, dict) or not data.get("id") or not data.get("question"):
                raise ValueError
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))


# %% wrong
# finding: the id of its question
import json


async def answer_questions(ws):
    number = 6
    async for message in ws:
        number += 1
        data = json.loads(message)
        await ws.send(json.dumps({"id": number, "answer": data["question"].upper()}))


# %% wrong
# finding: in capital letters
import json


async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": "HOW ARE YOU?"}
        except (ValueError, KeyError, TypeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))


# %% wrong
# finding: what came is not JSON
import json


async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(str(reply))


# %% wrong
# finding: after a question that is not a string
import json


async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": str(data["question"]).upper()}
        except (ValueError, KeyError, TypeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))


# %% wrong
# finding: the handler holds up the event loop
import json
import time


async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        time.sleep(0.06)  # noqa: ASYNC251
        await ws.send(json.dumps(reply))


# %% wrong
# finding: a binary message came where text is due
import json


async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply).encode())
