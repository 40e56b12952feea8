"""ESMM and its relatives: conversion rates estimated over all impressions."""
