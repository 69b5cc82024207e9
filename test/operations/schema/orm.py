"""A service with SQLAlchemy models of the tables: writes and reads every enum column, and prints what it found as JSON.

usage: orm.py DRIVER URL BINDING, where BINDING is enum (types named as SQLAlchemy names them) or varchar
"""
import asyncio
import enum
import json
import sys

from sqlalchemy import Column, Enum, Float, Integer, String, any_, create_engine, delete, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, declarative_base

driver, url, binding = sys.argv[1:]
Base = declarative_base()


def labels(name, *members):
    return enum.Enum(name, {member: member for member in members})


OrderSide = labels("OrderSide", "BUY", "SELL")
OrderType = labels("OrderType", "MARKET", "LIMIT", "STOP_LOSS")
OrderStatus = labels("OrderStatus", "PENDING", "PLACED", "FILLED", "PARTIALLY_FILLED", "REJECTED", "CANCELLED")
StrategyStatus = labels("StrategyStatus", "ACTIVE", "PAUSED", "STOPPED")
PositionSide = labels("PositionSide", "LONG", "SHORT")
PositionStatus = labels("PositionStatus", "OPEN", "CLOSED")
NotificationType = labels(
    "NotificationType",
    "ORDER_FILLED", "ORDER_REJECTED", "SERVICE_DOWN", "SERVICE_RESTORED", "SYSTEM_ERROR", "STRATEGY_SIGNAL", "RISK_ALERT",
)
AlertLevel = labels("AlertLevel", "INFO", "WARNING", "ERROR", "CRITICAL")
SessionStatus = labels("SessionStatus", "ACTIVE", "COMPLETED")
RuleType = labels(
    "RuleType", "MAX_POSITION_SIZE", "MAX_DRAWDOWN", "MAX_DAILY_LOSS", "MAX_ORDERS_PER_DAY", "MIN_CAPITAL_THRESHOLD"
)


def typed(members):
    return Column(Enum(members) if binding == "enum" else String(30))


def value_of(members, label):
    return members[label] if binding == "enum" else label


def label_of(value):
    return value.name if isinstance(value, enum.Enum) else value


class Order(Base):
    __tablename__ = "orders"
    order_id = Column(String(50), primary_key=True)
    user_id = Column(String(50))
    symbol = Column(String(20))
    side = typed(OrderSide)
    order_type = typed(OrderType)
    quantity = Column(Integer)
    price = Column(Float)
    status = typed(OrderStatus)


class UserStrategy(Base):
    __tablename__ = "user_strategies"
    user_id = Column(String(50), primary_key=True)
    strategy_id = Column(String(50), primary_key=True)
    status = typed(StrategyStatus)


class Position(Base):
    __tablename__ = "positions"
    position_id = Column(String(50), primary_key=True)
    user_id = Column(String(50))
    symbol = Column(String(20))
    side = typed(PositionSide)
    quantity = Column(Integer)
    average_price = Column(Float)
    current_price = Column(Float)
    status = typed(PositionStatus)


class Notification(Base):
    __tablename__ = "notifications"
    notification_id = Column(String(50), primary_key=True)
    user_id = Column(String(50))
    notification_type = typed(NotificationType)
    alert_level = typed(AlertLevel)
    title = Column(String(200))
    message = Column(String)


class TradingSession(Base):
    __tablename__ = "trading_sessions"
    session_id = Column(String(50), primary_key=True)
    user_id = Column(String(50))
    capital_at_start = Column(Float)
    status = typed(SessionStatus)


class RiskRule(Base):
    __tablename__ = "risk_rules"
    rule_id = Column(String(50), primary_key=True)
    user_id = Column(String(50))
    rule_type = typed(RuleType)
    rule_value = Column(Float)


# Of each column the model, the enum, two labels in the order of the type, and what else a row needs.
ORDER = dict(symbol="ITC", quantity=10, price=100.5)
POSITION = dict(symbol="ITC", quantity=10, average_price=1.0, current_price=1.0)
NOTICE = dict(title="t", message="m")
COLUMNS = [
    (Order, "side", OrderSide, "BUY", "SELL", dict(ORDER, order_type=(OrderType, "LIMIT"), status=(OrderStatus, "PLACED"))),
    (Order, "order_type", OrderType, "MARKET", "STOP_LOSS", dict(ORDER, side=(OrderSide, "BUY"), status=(OrderStatus, "PLACED"))),
    (Order, "status", OrderStatus, "PLACED", "CANCELLED", dict(ORDER, side=(OrderSide, "BUY"), order_type=(OrderType, "LIMIT"))),
    (UserStrategy, "status", StrategyStatus, "ACTIVE", "PAUSED", dict(strategy_id="s1")),
    (Position, "side", PositionSide, "LONG", "SHORT", dict(POSITION, status=(PositionStatus, "OPEN"))),
    (Position, "status", PositionStatus, "OPEN", "CLOSED", dict(POSITION, side=(PositionSide, "LONG"))),
    (Notification, "notification_type", NotificationType, "SERVICE_DOWN", "RISK_ALERT", dict(NOTICE, alert_level=(AlertLevel, "INFO"))),
    (Notification, "alert_level", AlertLevel, "WARNING", "CRITICAL", dict(NOTICE, notification_type=(NotificationType, "SYSTEM_ERROR"))),
    (TradingSession, "status", SessionStatus, "ACTIVE", "COMPLETED", dict(capital_at_start=1.0)),
    (RiskRule, "rule_type", RuleType, "MAX_DRAWDOWN", "MAX_ORDERS_PER_DAY", dict(rule_value=1.0)),
]


def exercise(session, model, name, members, first, second, others):
    column = getattr(model, name)
    key = model.__table__.primary_key.columns.values()[0].name
    a, b = value_of(members, first), value_of(members, second)
    session.execute(delete(model))
    for n, value in ((1, a), (2, b)):
        cells = {cell: value_of(*given) if isinstance(given, tuple) else given for cell, given in others.items()}
        cells.update({"user_id": f"u{n}", key: f"u{n}", name: value})
        session.add(model(**cells))
    session.commit()
    session.expire_all()

    def ids(*conditions):
        found = session.execute(select(getattr(model, key)).where(*conditions).order_by(getattr(model, key)))
        return [row[0] for row in found]

    def ordered(order):
        return [label_of(row[0]) for row in session.execute(select(column).order_by(order))]

    got = session.get(model, ("u1", "s1") if model is UserStrategy else "u1")
    found = {
        "get": label_of(getattr(got, name)),
        "equal": ids(column == a),
        "unequal": ids(column != a),
        "in": ids(column.in_([a, b])),
        "not in": ids(column.notin_([b])),
        "ordered": ordered(column),
        "descending": ordered(column.desc()),
        "any": ids(column == any_(literal([a, b], ARRAY(column.type)))),
    }
    setattr(got, name, b)
    session.commit()
    found["updated"] = ids(column == b)
    found["bulk"] = session.execute(
        update(model).where(column == b).values({name: a}).execution_options(synchronize_session=False)
    ).rowcount
    session.commit()
    session.expire_all()
    found["after"] = ordered(column)
    return found


def run(session):
    return {
        f"{model.__tablename__}.{name}": exercise(session, model, name, *rest) for model, name, *rest in COLUMNS
    }


async def run_async():
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine(f"postgresql+{driver}{url}")
    async with AsyncSession(engine) as session:
        found = await session.run_sync(run)
    await engine.dispose()
    return found


if driver == "asyncpg":
    print(json.dumps(asyncio.run(run_async())))
else:
    with Session(create_engine(f"postgresql+{driver}{url}")) as session:
        print(json.dumps(run(session)))
